/** A free line through the object. */

import { passedVoxels } from "./stroke.js";

/** @type {import("./stroke.js").Tool} */
export const scribble = {
  name: "scribble",
  title: "Scribble",
  hint: "Draw through the object, with the right button through the rest",
  prompt: (stroke, shape) => {
    const points = passedVoxels(stroke, shape);
    return points.length ? { kind: "scribble", points, positive: stroke.positive } : null;
  },
};
