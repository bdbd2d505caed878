/** A box around the object: on one slice, or through several. */

import { clamped } from "../plane.js";

/** @typedef {import("../contract.js").Vector3} Vector3 */

/** @type {import("./stroke.js").Tool} */
export const box = {
  name: "box",
  title: "Box",
  hint: "Drag a box around the object",
  prompt: ({ plane, slice, points, positive }, shape, depth) => {
    if (points.length < 2) return null;
    const first = clamped(points[0], shape);
    const last = clamped(points[points.length - 1], shape);
    /** @type {Vector3} */
    const start = [0, 0, 0];
    /** @type {Vector3} */
    const stop = [0, 0, 0];
    for (const axis of [plane.across, plane.down]) {
      start[axis] = Math.min(first[axis], last[axis]);
      stop[axis] = Math.max(first[axis], last[axis]) + 1;
    }
    start[plane.axis] = Math.max(slice - Math.floor((depth - 1) / 2), 0);
    stop[plane.axis] = Math.min(slice + Math.floor(depth / 2) + 1, shape[plane.axis]);
    return { kind: "box", start, stop, positive };
  },
};
