/** The line at the bottom, the state at the top, and failures in words. */

import { byId, make } from "../dom.js";

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../activity.js").Activity} activity
 */
export function fillStatus(scene, activity) {
  const { crosshair, pointer, loads, volume } = scene;
  const here = byId("crosshair-place", HTMLElement);
  const there = byId("pointer-place", HTMLElement);
  const showHere = () => {
    const at = crosshair.value;
    show(here, [
      ["Crosshair", "voxel", at.join(", ")],
      ["RAS mm", "mm", volume.millimetres(at).map((value) => value.toFixed(1)).join(", ")],
      ["Intensity", "intensity", brief(volume.intensity(at))],
    ]);
  };
  crosshair.watch(showHere);
  loads.watch(showHere);
  pointer.watch((at) =>
    show(there, [
      ["Pointer", "voxel", at?.join(", ") ?? "–"],
      ["Intensity", "intensity", at ? brief(volume.intensity(at)) : "–"],
    ]),
  );
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
 * @param {[term: string, kind: string, value: string][]} rows
 */
function show(element, rows) {
  element.replaceChildren(
    ...rows.flatMap(([term, kind, value]) => [
      make("dt", {}, term),
      make("dd", { class: kind }, value),
    ]),
  );
}

/** @param {number} value */
function brief(value) {
  return String(Number(value.toPrecision(6)));
}
