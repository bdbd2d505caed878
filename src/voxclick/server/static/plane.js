/** The three planes, and where a voxel of a slice lies on the screen. */

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {"axial" | "coronal" | "sagittal"} PlaneName */

/**
 * @typedef {object} Plane
 * @property {PlaneName} name
 * @property {number} axis Perpendicular to the slices.
 * @property {number} across Axis that runs along the width of the screen.
 * @property {number} down Axis that runs along its height.
 */

/** @type {Plane[]} */
export const PLANES = [
  { name: "axial", axis: 2, across: 0, down: 1 },
  { name: "coronal", axis: 1, across: 0, down: 2 },
  { name: "sagittal", axis: 0, across: 1, down: 2 },
];

/** Letters of the patient's sides towards which an index grows, and of their opposites. */
const SIDES = [
  ["R", "L"],
  ["A", "P"],
  ["S", "I"],
];

/**
 * Whether an index grows to the left on the screen. Sagittal slices look to the left in both
 * conventions; in the others the patient's right is on the left where it is radiological.
 * @param {Plane} plane
 * @param {boolean} radiological
 */
export function mirrored(plane, radiological) {
  return plane.across === 0 ? radiological : true;
}

/**
 * Letters at the left, right, top and bottom edge.
 * @param {Plane} plane
 * @param {boolean} radiological
 * @returns {{left: string, right: string, top: string, bottom: string}}
 */
export function edges(plane, radiological) {
  const [grows, shrinks] = SIDES[plane.across];
  const [top, bottom] = SIDES[plane.down];
  return mirrored(plane, radiological)
    ? { left: grows, right: shrinks, top, bottom }
    : { left: shrinks, right: grows, top, bottom };
}

/** The way between voxels of one slice and CSS pixels of one canvas. */
export class Placement {
  /**
   * @param {Plane} plane
   * @param {boolean} mirror Whether an index across grows to the left.
   * @param {[number, number]} centre Indices across and down in the middle of the canvas.
   * @param {[number, number]} scale CSS pixels a voxel, across and down.
   * @param {[number, number]} size Of the canvas in CSS pixels.
   */
  constructor(plane, mirror, centre, scale, size) {
    this.plane = plane;
    this.centre = centre;
    this.scale = scale;
    this.size = size;
    this.sign = mirror ? -1 : 1;
  }

  /**
   * @param {number} across Index.
   * @param {number} down Index.
   * @returns {[number, number]} CSS pixels.
   */
  pixel(across, down) {
    return [
      this.size[0] / 2 + this.sign * (across - this.centre[0]) * this.scale[0],
      // an index down always grows towards the top: anterior or superior
      this.size[1] / 2 - (down - this.centre[1]) * this.scale[1],
    ];
  }

  /**
   * @param {number} x CSS pixels.
   * @param {number} y CSS pixels.
   * @returns {[number, number]} Indices across and down, between voxels too.
   */
  indices(x, y) {
    return [
      this.centre[0] + (this.sign * (x - this.size[0] / 2)) / this.scale[0],
      this.centre[1] - (y - this.size[1] / 2) / this.scale[1],
    ];
  }

  /**
   * @param {Vector3} voxel
   * @returns {[number, number]} CSS pixels.
   */
  pixelOf(voxel) {
    return this.pixel(voxel[this.plane.across], voxel[this.plane.down]);
  }

  /**
   * @param {number} x CSS pixels.
   * @param {number} y CSS pixels.
   * @param {number} slice
   * @returns {Vector3} Between voxels too.
   */
  voxelAt(x, y, slice) {
    const [across, down] = this.indices(x, y);
    /** @type {Vector3} */
    const voxel = [0, 0, 0];
    voxel[this.plane.axis] = slice;
    voxel[this.plane.across] = across;
    voxel[this.plane.down] = down;
    return voxel;
  }
}

/**
 * @param {Vector3} voxel Between voxels too.
 * @returns {Vector3} The voxel that it falls into: `v` owns `v - 0.5 <= x < v + 0.5`.
 */
export function nearest([x, y, z]) {
  return [Math.floor(x + 0.5), Math.floor(y + 0.5), Math.floor(z + 0.5)];
}

/**
 * @param {Vector3} voxel
 * @param {Vector3} shape
 */
export function inside(voxel, shape) {
  return nearest(voxel).every((index, axis) => index >= 0 && index < shape[axis]);
}

/**
 * @param {Vector3} voxel
 * @param {Vector3} shape
 * @returns {Vector3} The nearest voxel of the volume.
 */
export function clamped(voxel, shape) {
  const [x, y, z] = nearest(voxel).map((index, axis) =>
    Math.min(Math.max(index, 0), shape[axis] - 1),
  );
  return [x, y, z];
}
