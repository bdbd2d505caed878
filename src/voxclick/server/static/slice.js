/** One slice cut out of an array in which x is fastest. */

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./plane.js").Plane} Plane */

/**
 * Where the voxels of a slice lie: `first + row * rowStep + column * columnStep`, where a column
 * counts along `plane.across` and a row along `plane.down`.
 * @param {Plane} plane
 * @param {Vector3} shape
 * @param {number} slice
 */
export function cut(plane, shape, slice) {
  const steps = [1, shape[0], shape[0] * shape[1]];
  return {
    width: shape[plane.across],
    height: shape[plane.down],
    first: slice * steps[plane.axis],
    columnStep: steps[plane.across],
    rowStep: steps[plane.down],
  };
}

/**
 * Looks up the colour of each voxel of a slice.
 * @param {Int16Array | Uint8Array | Uint16Array} array
 * @param {ReturnType<typeof cut>} where
 * @param {Uint32Array} colours 65,536 of them; a negative number counts from the end.
 * @param {Uint32Array} into Row after row.
 */
export function paint(array, where, colours, into) {
  const { width, height, first, columnStep, rowStep } = where;
  let place = 0;
  for (let row = 0; row < height; row++) {
    let from = first + row * rowStep;
    for (let column = 0; column < width; column++, from += columnStep) {
      into[place++] = colours[array[from] & 0xffff];
    }
  }
}

/**
 * Copies the labels of a slice.
 * @param {Uint8Array | Uint16Array} array
 * @param {ReturnType<typeof cut>} where
 * @param {Uint16Array} into Row after row.
 * @returns {boolean} Whether there is any.
 */
export function copyLabels(array, where, into) {
  const { width, height, first, columnStep, rowStep } = where;
  let place = 0;
  let any = 0;
  for (let row = 0; row < height; row++) {
    let from = first + row * rowStep;
    for (let column = 0; column < width; column++, from += columnStep) {
      any |= into[place++] = array[from];
    }
  }
  return any !== 0;
}
