/** The line at the bottom, the state at the top, and failures in words. */

import { byId } from "../dom.js";

/** @typedef {import("../contract.js").Vector3} Vector3 */

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../activity.js").Activity} activity
 */
export function fillStatus(scene, activity) {
  const { crosshair, pointer, loads, volume } = scene;
  const here = byId("crosshair-place", HTMLElement);
  const there = byId("pointer-place", HTMLElement);
  const showHere = () => show(here, "Crosshair", crosshair.value, volume);
  crosshair.watch(showHere);
  loads.watch(showHere);
  pointer.watch((at) => show(there, "Pointer", at, volume));
  showActivity(activity);
  activity.note.watch((note) => (byId("note", HTMLElement).textContent = note ?? ""));
}

/** @param {import("../activity.js").Activity} activity */
export function showActivity(activity) {
  const state = byId("state", HTMLElement);
  const share = byId("share", HTMLProgressElement);
  activity.doing.watch((doing) => {
    document.documentElement.dataset.state = doing.phase;
    state.textContent = doing.words;
    share.classList.toggle("idle", doing.share === null);
    share.value = doing.share ?? 0;
  });
  const alert = byId("failure", HTMLElement);
  const words = byId("failure-words", HTMLElement);
  byId("dismiss", HTMLButtonElement).addEventListener("click", () => activity.dismiss());
  activity.failure.watch((failure) => {
    alert.hidden = failure === null;
    words.textContent = failure ?? "";
  });
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {Vector3 | null} at
 * @param {import("../volume.js").Volume} volume
 */
function show(element, name, at, volume) {
  const [voxel, millimetres, intensity] = at
    ? [
        at.join(", "),
        volume.millimetres(at).map((value) => value.toFixed(1)).join(", "),
        Number(volume.intensity(at).toPrecision(6)).toString(),
      ]
    : ["–", "–", "–"];
  element.replaceChildren();
  for (const [label, text, width] of [
    [name, voxel, "voxel"],
    ["RAS mm", millimetres, "mm"],
    ["Intensity", intensity, "intensity"],
  ]) {
    const term = document.createElement("dt");
    const value = document.createElement("dd");
    term.textContent = label;
    value.textContent = text;
    value.className = width;
    element.append(term, value);
  }
}
