/** What a hand drew on one slice, before it becomes a prompt. */

import { inside, nearest } from "../plane.js";

/** @typedef {import("../contract.js").Vector3} Vector3 */

/**
 * @typedef {object} Stroke
 * @property {import("../plane.js").Plane} plane
 * @property {number} slice
 * @property {Vector3[]} points In the order they were drawn, between voxels too; at least one.
 * @property {boolean} positive
 */

/**
 * What draws on slices.
 * @typedef {object} Tool
 * @property {"point" | "box" | "scribble" | "lasso"} name Also the kind of its prompts.
 * @property {string} title
 * @property {string} hint What to do with it.
 * @property {(stroke: Stroke, shape: Vector3, depth: number) => import("../contract.js").DrawnPrompt | null} prompt
 *   What the stroke says, null while that is nothing; `depth` is in slices.
 */

/**
 * Every voxel that a stroke passes, each once, in order.
 * @param {Stroke} stroke
 * @param {Vector3} shape
 * @returns {Vector3[]}
 */
export function passedVoxels({ points }, shape) {
  /** @type {Map<string, Vector3>} */
  const passed = new Map();
  let from = points[0];
  for (const to of points) {
    const far = Math.max(...to.map((value, axis) => Math.abs(value - from[axis])));
    const steps = Math.max(1, Math.ceil(far * 4));
    for (let step = 0; step <= steps; step++) {
      const share = step / steps;
      /** @type {Vector3} */
      const point = [
        from[0] + (to[0] - from[0]) * share,
        from[1] + (to[1] - from[1]) * share,
        from[2] + (to[2] - from[2]) * share,
      ];
      const voxel = nearest(point);
      if (inside(voxel, shape)) passed.set(voxel.join(), voxel);
    }
    from = to;
  }
  return [...passed.values()];
}
