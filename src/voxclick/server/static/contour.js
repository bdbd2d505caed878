/** Outlines of the labels of one slice, by marching squares halfway between voxel centres. */

/** Segments of a cell by which of its corners are inside (bits: top left, top right, bottom right,
 * bottom left), as pairs of its sides: 0 top, 1 right, 2 bottom, 3 left. */
const SEGMENTS = [
  [], [3, 0], [0, 1], [3, 1],
  [1, 2], [3, 0, 1, 2], [0, 2], [3, 2],
  [2, 3], [2, 0], [0, 1, 2, 3], [2, 1],
  [1, 3], [1, 0], [0, 3], [],
];
const SIDE_X = [0.5, 1, 0.5, 0];
const SIDE_Y = [0, 0.5, 1, 0.5];

/**
 * One path a label, in voxel indices: column, row.
 * @param {Uint16Array} labels Row after row.
 * @param {number} width
 * @param {number} height
 * @returns {Map<number, number[]>} By label: `x0, y0, x1, y1` of each segment.
 */
export function outlines(labels, width, height) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : labels[y * width + x];

  const cell = (/** @type {number} */ x, /** @type {number} */ y) => {
    const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
    for (const label of new Set(corners)) {
      if (label === 0) continue;
      const inside = corners.reduce((bits, c, place) => bits | (Number(c === label) << place), 0);
      const sides = SEGMENTS[inside];
      let segments = found.get(label);
      if (!segments) found.set(label, (segments = []));
      for (const side of sides) segments.push(x + SIDE_X[side], y + SIDE_Y[side]);
    }
  };

  for (let y = -1; y < height; y++) {
    if (y < 0 || y === height - 1) {
      for (let x = -1; x < width; x++) cell(x, y);
      continue;
    }
    cell(-1, y);
    const above = y * width;
    const below = above + width;
    for (let x = 0; x < width - 1; x++) {
      const one = labels[above + x];
      if (one !== labels[above + x + 1] || one !== labels[below + x] || one !== labels[below + x + 1])
        cell(x, y);
    }
    cell(width - 1, y);
  }
  return found;
}
