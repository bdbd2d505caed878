/** The bar at the top: model, device, undo and redo, where to look, theme, sheets. */

import { Failure, listModels } from "../api.js";
import { byId, make } from "../dom.js";

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../session.js").Session} session
 */
export function fillBar(scene, session) {
  const { facts, progress } = scene;
  document.title = `${facts.name} – voxclick`;
  const name = byId("volume-name", HTMLElement);
  const spacing = facts.spacing_mm.map((mm) => Number(mm.toPrecision(3))).join(" × ");
  name.textContent = facts.name;
  name.title = `${facts.name}: ${facts.shape.join(" × ")} voxels of ${spacing} mm`;

  const undo = byId("undo", HTMLButtonElement);
  const redo = byId("redo", HTMLButtonElement);
  const suggest = byId("suggest", HTMLButtonElement);
  undo.addEventListener("click", () => void session.step("undo"));
  redo.addEventListener("click", () => void session.step("redo"));
  progress.watch(() => {
    undo.disabled = !scene.current?.can_undo;
    redo.disabled = !scene.current?.can_redo;
    suggest.disabled = !scene.current?.voxels;
    byId("device", HTMLElement).textContent = progress.value.device;
  });
  void fillModels(scene, session);
}

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../session.js").Session} session
 */
async function fillModels({ progress }, session) {
  const model = byId("model", HTMLSelectElement);
  model.addEventListener("change", () => void session.setModel(model.value));
  try {
    const rows = (await listModels()).filter(({ weights }) => weights !== "absent");
    model.replaceChildren(
      ...rows.map(({ name, title }) => make("option", { value: name, title }, name)),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    session.activity.failed(error);
  }
  progress.watch((now) => {
    if (![...model.options].some(({ value }) => value === now.model)) {
      model.append(make("option", { value: now.model }, now.model));
    }
    model.value = now.model;
  });
}

/** @param {import("../signal.js").Signal<import("../preferences.js").Preferences>} preferences */
export function fillTheme(preferences) {
  const button = byId("theme", HTMLButtonElement);
  button.addEventListener("click", () => {
    const theme = preferences.value.theme === "dark" ? "light" : "dark";
    preferences.value = { ...preferences.value, theme };
  });
  preferences.watch(({ theme }) => {
    button.title = theme === "dark" ? "Light colours" : "Dark colours";
    button.setAttribute("aria-label", button.title);
  });
}
