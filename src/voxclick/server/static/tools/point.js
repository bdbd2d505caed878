/** A click on one voxel. */

import { inside, nearest } from "../plane.js";

/** @type {import("./stroke.js").Tool} */
export const point = {
  name: "point",
  title: "Point",
  hint: "Click what belongs to the object, right-click what does not",
  prompt: ({ points, positive }, shape) =>
    inside(points[0], shape) ? { kind: "point", at: nearest(points[0]), positive } : null,
};
