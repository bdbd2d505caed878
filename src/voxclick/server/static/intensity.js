/** Window and level: which intensities are black and which are white. */

/** @typedef {{low: number, high: number}} Range Intensities. */
/** @typedef {{slope: number, intercept: number}} Scale Stored number to intensity. */

/** @type {{name: string, low: number, high: number}[]} In Hounsfield units. */
export const CT_WINDOWS = [
  { name: "Soft tissue", low: -160, high: 240 },
  { name: "Lung", low: -1350, high: 150 },
  { name: "Bone", low: -500, high: 1300 },
  { name: "Liver", low: -45, high: 105 },
  { name: "Brain", low: 0, high: 80 },
  { name: "Mediastinum", low: -125, high: 225 },
];

/**
 * The opaque grey of each of the 65,536 stored numbers, as RGBA in one Uint32 (little-endian).
 * @param {Range} range
 * @param {Scale} scale
 * @returns {Uint32Array<ArrayBuffer>} Indexed by the stored number as an unsigned one.
 */
export function greys({ low, high }, { slope, intercept }) {
  const table = new Uint32Array(65536);
  const gain = 255 / Math.max(high - low, 1e-9);
  for (let index = 0; index < 65536; index++) {
    const stored = index < 32768 ? index : index - 65536;
    const value = (stored * slope + intercept - low) * gain;
    const grey = value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
    table[index] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

/**
 * The window after a drag: across widens it, down darkens.
 * @param {Range} range
 * @param {number} across In widths of the pane.
 * @param {number} down In heights of the pane.
 * @returns {Range}
 */
export function dragged({ low, high }, across, down) {
  const width = Math.max((high - low) * Math.exp(2 * across), 1e-3);
  const level = (low + high) / 2 + down * (high - low);
  return { low: level - width / 2, high: level + width / 2 };
}
