/** How the volume is shown: window, outlines, orientation. */

import { byId, make } from "../dom.js";
import { CT_WINDOWS } from "../intensity.js";

/** @typedef {import("../scene.js").Scene} Scene */

/** @param {Scene} scene */
export function fillDisplay(scene) {
  fillWindow(scene);
  const { preferences } = scene;
  const opacity = byId("opacity", HTMLInputElement);
  opacity.addEventListener("input", () => {
    preferences.value = { ...preferences.value, opacity: opacity.valueAsNumber / 100 };
  });
  for (const name of /** @type {const} */ ([
    "outlines",
    "radiological",
    "smooth",
    "crosshair",
    "prompts",
    "volume",
  ])) {
    const box = byId(`show-${name}`, HTMLInputElement);
    box.addEventListener("change", () => {
      preferences.value = { ...preferences.value, [name]: box.checked };
    });
    preferences.watch((value) => (box.checked = value[name]));
  }
  preferences.watch((value) => (opacity.valueAsNumber = Math.round(value.opacity * 100)));
}

/** @param {Scene} scene */
function fillWindow({ facts, window }) {
  const presets = [
    { name: "As opened", ...facts.window },
    { name: "Full range", ...facts.range },
    ...(facts.modality === "CT" ? CT_WINDOWS : []),
  ];
  const preset = byId("preset", HTMLSelectElement);
  const custom = make("option", { value: "" }, "Own");
  custom.hidden = true;
  preset.replaceChildren(
    ...presets.map(({ name }, place) => make("option", { value: place }, name)),
    custom,
  );
  preset.addEventListener("change", () => {
    const { low, high } = presets[Number(preset.value)];
    window.value = { low, high };
  });
  const level = byId("level", HTMLInputElement);
  const width = byId("width", HTMLInputElement);
  const typed = () => {
    const half = Math.max(width.valueAsNumber, 1e-3) / 2;
    if (Number.isFinite(level.valueAsNumber + half)) {
      window.value = { low: level.valueAsNumber - half, high: level.valueAsNumber + half };
    }
  };
  level.addEventListener("change", typed);
  width.addEventListener("change", typed);
  window.watch(({ low, high }) => {
    level.value = brief((low + high) / 2);
    width.value = brief(high - low);
    const place = presets.findIndex((one) => one.low === low && one.high === high);
    preset.value = place < 0 ? "" : String(place);
  });
}

/**
 * @param {number} value
 * @returns {string} Four digits, without an exponent.
 */
function brief(value) {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}
