/** The table of what a left button can do on a slice. */

import { box } from "./box.js";
import { lasso } from "./lasso.js";
import { point } from "./point.js";
import { scribble } from "./scribble.js";

/** @typedef {import("./stroke.js").Tool} Tool */

/**
 * What moves the view and says nothing about the object.
 * @typedef {object} Hand
 * @property {"crosshair" | "window" | "pan"} name
 * @property {string} title
 * @property {string} hint
 */

/** @type {Tool[]} */
export const TOOLS = [point, box, scribble, lasso];

/** @type {Hand[]} */
export const HANDS = [
  { name: "crosshair", title: "Crosshair", hint: "Drag to look at the same place in all planes" },
  { name: "window", title: "Window", hint: "Drag across for contrast, down for brightness" },
  { name: "pan", title: "Pan", hint: "Drag to move the slice" },
];

/** In the order of their keys, 1 to 7. */
export const HELD = [...TOOLS, ...HANDS];

/**
 * @param {Tool | Hand} held
 * @returns {held is Tool}
 */
export function draws(held) {
  return "prompt" in held;
}
