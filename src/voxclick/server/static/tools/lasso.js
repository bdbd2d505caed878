/** A loose closed line around the object on one slice. */

/** @typedef {import("../contract.js").Vector3} Vector3 */

const APART = 0.25; // voxels: what a hand draws finer than that is its tremor

/** @type {import("./stroke.js").Tool} */
export const lasso = {
  name: "lasso",
  title: "Lasso",
  hint: "Draw loosely around the object; the line closes by itself",
  prompt: ({ plane, points, positive }) => {
    /** @type {Vector3[]} */
    const vertices = [];
    for (const [x, y, z] of points) {
      const last = vertices[vertices.length - 1];
      if (!last || Math.hypot(x - last[0], y - last[1], z - last[2]) >= APART) {
        vertices.push([rounded(x), rounded(y), rounded(z)]);
      }
    }
    return vertices.length < 3 ? null : { kind: "lasso", vertices, axis: plane.axis, positive };
  },
};

/** @param {number} value */
const rounded = (value) => Math.round(value * 100) / 100;
