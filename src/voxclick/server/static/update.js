/** One update of labels as it comes over the wire: new values of a box, in runs. */

/**
 * @typedef {object} Update
 * @property {number} revision
 * @property {import("./contract.js").Extent} box
 * @property {boolean} final
 * @property {Uint8Array | Uint16Array} values One label number a run; 0: no object.
 * @property {Uint32Array} lengths Voxels of each run, x fastest over the box.
 */

/**
 * Reads `u32 n | n bytes of JSON | padding | values | padding | u32 lengths`, little-endian, each
 * part starting at a multiple of four bytes.
 * @param {ArrayBuffer} buffer
 * @returns {Update}
 */
export function readUpdate(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const { revision, box, final, runs, dtype } = header;
  const start = padded(4 + size);
  const values =
    dtype === "uint16" ? new Uint16Array(buffer, start, runs) : new Uint8Array(buffer, start, runs);
  const lengths = new Uint32Array(buffer, padded(start + values.byteLength), runs);
  return { revision, box, final, values, lengths };
}

/** @param {number} offset */
function padded(offset) {
  return Math.ceil(offset / 4) * 4;
}
