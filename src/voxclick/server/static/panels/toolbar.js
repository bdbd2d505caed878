/** The tools at the left: what the left button draws, and whether it adds or removes. */

import { byId, icon, make } from "../dom.js";
import { HELD } from "../tools/kinds.js";

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../drawing.js").Drawing} drawing
 */
export function fillToolbar(scene, drawing) {
  const buttons = HELD.map((held, place) => {
    const button = make(
      "button",
      {
        type: "button",
        "data-tool": held.name,
        title: `${held.title} (${place + 1}): ${held.hint}`,
      },
      icon(held.name),
      make("span", {}, held.title),
    );
    button.addEventListener("click", () => {
      drawing.drop();
      scene.held.value = held;
    });
    return button;
  });
  byId("tools", HTMLElement).replaceChildren(...buttons);
  scene.held.watch((held) => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === held.name));
    }
    byId("box-depth", HTMLElement).hidden = held.name !== "box";
    byId("hint", HTMLElement).textContent = `${held.hint}.`;
  });

  const add = byId("add", HTMLButtonElement);
  const remove = byId("remove", HTMLButtonElement);
  add.addEventListener("click", () => (scene.positive.value = true));
  remove.addEventListener("click", () => (scene.positive.value = false));
  scene.positive.watch((positive) => {
    add.setAttribute("aria-pressed", String(positive));
    remove.setAttribute("aria-pressed", String(!positive));
  });

  const depth = byId("depth", HTMLInputElement);
  depth.addEventListener("change", () => {
    scene.depth.value = Math.max(1, Math.round(depth.valueAsNumber) || 1);
  });
  scene.depth.watch((slices) => (depth.valueAsNumber = slices));
}
