/** How this user likes to look at volumes, kept in the browser. */

import { Signal } from "./signal.js";

/**
 * @typedef {object} Preferences
 * @property {"dark" | "light"} theme
 * @property {boolean} radiological The patient's right on the left of the screen.
 * @property {boolean} outlines Outlines; else filled.
 * @property {number} opacity Of outlines and fill, from 0 to 1.
 * @property {boolean} smooth Slices interpolated between voxels.
 * @property {boolean} crosshair Drawn or not.
 * @property {boolean} prompts Drawn or not.
 * @property {boolean} volume The 3D pane.
 */

/** @type {Preferences} */
const DEFAULTS = {
  theme: "dark",
  radiological: true,
  outlines: true,
  opacity: 0.9,
  smooth: true,
  crosshair: true,
  prompts: true,
  volume: true,
};
const KEY = "voxclick.preferences";

/** @returns {Signal<Preferences>} Written back at each change. */
export function keptPreferences() {
  const signal = new Signal({ ...DEFAULTS, ...kept() });
  signal.watch((value) => {
    document.documentElement.dataset.theme = value.theme;
    localStorage.setItem(KEY, JSON.stringify(value));
  });
  return signal;
}

/** @returns {Partial<Preferences>} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
