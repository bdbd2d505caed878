/** The prompts of the current object, each to be found again and taken out. */

import { byId, icon, make } from "../dom.js";
import { nearest } from "../plane.js";

/** @typedef {import("../contract.js").Prompt} Prompt */
/** @typedef {import("../contract.js").Vector3} Vector3 */

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../session.js").Session} session
 */
export function fillPrompts(scene, session) {
  const list = byId("prompts", HTMLOListElement);
  let shown = "";
  const show = () => {
    const object = scene.current;
    const prompts = object?.prompts ?? [];
    byId("no-prompts", HTMLElement).hidden = prompts.length > 0;
    const cause = JSON.stringify([object?.label, object?.locked, prompts]);
    if (cause === shown) return mark();
    shown = cause;
    const label = object?.label ?? 0;
    list.replaceChildren(
      ...prompts.map((prompt, place) => item(prompt, { object: label, place })),
    );
    mark();
    list.lastElementChild?.scrollIntoView({ block: "nearest" });
  };
  const mark = () => {
    const place = scene.selected.value?.place ?? -1;
    [...list.children].forEach((row, n) => row.classList.toggle("selected", n === place));
  };
  /**
   * @param {Prompt} prompt
   * @param {import("../scene.js").PromptPlace} where
   */
  const item = (prompt, where) => {
    const words = describe(prompt);
    const go = make("button", { type: "button", class: "go", title: `Show: ${words}` }, words);
    go.addEventListener("click", () => {
      const at = middle(prompt);
      if (at) scene.lookAt(at);
      scene.selected.value = where;
    });
    const remove = make(
      "button",
      { type: "button", class: "quiet", title: "Remove this prompt", "aria-label": `Remove: ${words}` },
      icon("cross"),
    );
    remove.addEventListener("click", () => void session.removePrompt(where));
    const sign = prompt.positive === false ? "negative" : "positive";
    return make("li", { class: sign, "data-kind": prompt.kind }, go, remove);
  };
  scene.progress.watch(show);
  scene.selected.watch(mark);
}

/**
 * @param {Prompt} prompt
 * @returns {string}
 */
function describe(prompt) {
  const sign = prompt.positive === false ? "−" : "+";
  const at = middle(prompt);
  const where = at ? nearest(at).join(", ") : `${prompt.kind === "mask" && prompt.slices?.length} slices`;
  const whole = prompt.kind === "mask" && !prompt.slices?.length;
  return `${sign} ${prompt.kind[0].toUpperCase()}${prompt.kind.slice(1)}${whole ? "" : ` ${where}`}`;
}

/**
 * @param {Prompt} prompt
 * @returns {Vector3 | null} A place to look at, between voxels too.
 */
function middle(prompt) {
  if (prompt.kind === "point") return prompt.at;
  if (prompt.kind === "scribble") return prompt.points[Math.floor(prompt.points.length / 2)];
  if (prompt.kind === "mask") return null;
  const corners = prompt.kind === "box" ? [prompt.start, prompt.stop] : prompt.vertices;
  // the stop of a box is one beyond its last voxel
  const beyond = prompt.kind === "box" ? 0.5 : 0;
  const [x, y, z] = [0, 1, 2].map((axis) => {
    const values = corners.map((corner) => corner[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2 - beyond;
  });
  return [x, y, z];
}
