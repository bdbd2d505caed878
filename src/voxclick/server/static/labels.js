/** The label of every voxel, as the server last told. */

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./contract.js").Extent} Extent */
/** @typedef {import("./update.js").Update} Update */

export class Labels {
  /** Revision of the newest update that is in the array. */
  revision = -1;

  /** @param {Vector3} shape */
  constructor(shape) {
    this.shape = shape;
    /** @type {Uint8Array | Uint16Array} x fastest. */
    this.array = new Uint8Array(shape[0] * shape[1] * shape[2]);
  }

  /**
   * Writes the new values of a box; an update that was overtaken by a newer one changes nothing.
   * @param {Update} update
   * @returns {boolean} Whether it was written.
   */
  apply(update) {
    if (update.revision < this.revision) return false;
    this.revision = update.revision;
    this.#write(update);
    return true;
  }

  /**
   * Takes the labels of the whole grid, of which an update's box is the part that is not empty.
   * @param {Update} update
   */
  replace(update) {
    this.revision = update.revision;
    this.array.fill(0);
    this.#write(update);
  }

  /** @param {Update} update */
  #write({ box, values, lengths }) {
    if (values instanceof Uint16Array && this.array instanceof Uint8Array) {
      this.array = Uint16Array.from(this.array);
    }
    const [nx, ny] = this.shape;
    const { start, stop } = box;
    const width = stop[0] - start[0];
    const height = stop[1] - start[1];
    let place = 0; // voxels of the box that are written
    for (let run = 0; run < lengths.length; run++) {
      const end = place + lengths[run];
      while (place < end) {
        const row = Math.floor(place / width);
        const x = place - row * width;
        const count = Math.min(width - x, end - place);
        const y = start[1] + (row % height);
        const z = start[2] + Math.floor(row / height);
        const offset = start[0] + x + nx * (y + ny * z);
        this.array.fill(values[run], offset, offset + count);
        place += count;
      }
    }
  }
}
