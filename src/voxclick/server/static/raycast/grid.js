/** The reduced grid that rays are cast through: grey values and labels, a byte a cell. */

/** @typedef {import("../contract.js").Vector3} Vector3 */
/** @typedef {import("../contract.js").Extent} Extent */

const MOST_CELLS = 5e6;

/** Every `step`th voxel along each axis, and the cells that this makes. */
export class ReducedGrid {
  /** @param {Vector3} shape */
  constructor(shape) {
    this.shape = shape;
    this.step = 1;
    while (this.#cellsAt(this.step).reduce((a, b) => a * b) > MOST_CELLS) this.step++;
    this.cells = this.#cellsAt(this.step);
  }

  /**
   * @param {number} step
   * @returns {Vector3}
   */
  #cellsAt(step) {
    const [x, y, z] = this.shape.map((length) => Math.ceil(length / step));
    return [x, y, z];
  }

  /**
   * A byte for each cell of one layer, from the voxel in its first corner.
   * @param {ArrayLike<number>} array x fastest.
   * @param {number} layer
   * @param {(value: number) => number} byte
   * @returns {Uint8Array}
   */
  layer(array, layer, byte) {
    const [nx, ny] = this.shape;
    const [mx, my] = this.cells;
    const { step } = this;
    const bytes = new Uint8Array(mx * my);
    let place = 0;
    for (let y = 0; y < my; y++) {
      const row = nx * (y * step + ny * layer * step);
      for (let x = 0; x < mx; x++) bytes[place++] = byte(array[row + x * step]);
    }
    return bytes;
  }
}
