/** The volume's stored numbers, as they come in. */

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./contract.js").State} State */
/** @typedef {import("./api.js").SessionApi} SessionApi */

const PREVIEW_FROM_BYTES = 8e6;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export class Volume {
  /** @param {import("./contract.js").Facts} facts */
  constructor(facts) {
    this.shape = facts.shape;
    this.affine = facts.affine;
    this.scale = facts.scale;
    /** x fastest. */
    this.array = new Int16Array(facts.shape[0] * facts.shape[1] * facts.shape[2]);
    // black until it is there, whatever the scale
    this.array.fill(-32768);
  }

  /**
   * @param {Vector3} voxel
   * @returns {number}
   */
  intensity([x, y, z]) {
    const stored = this.array[x + this.shape[0] * (y + this.shape[1] * z)];
    return stored * this.scale.slope + this.scale.intercept;
  }

  /**
   * @param {Vector3} voxel
   * @returns {Vector3} RAS millimetres.
   */
  millimetres([x, y, z]) {
    const [a, b, c] = this.affine.map((row) => row[0] * x + row[1] * y + row[2] * z + row[3]);
    return [a, b, c];
  }

  /**
   * Fetches the voxels, over a network first at half the resolution.
   * @param {SessionApi} api
   * @param {(share: number) => void} progress From 0 to 1, as there is more to draw.
   */
  async load(api, progress) {
    const remote = !LOOPBACK.has(location.hostname);
    if (remote && this.array.byteLength > PREVIEW_FROM_BYTES) {
      await this.#loadPreview(api);
      progress(0);
    }
    const bytes = new Uint8Array(this.array.buffer);
    let place = 0;
    for await (const chunk of chunksOf(await api.volume(1))) {
      bytes.set(chunk, place);
      place += chunk.length;
      progress(place / bytes.length);
    }
  }

  /** @param {SessionApi} api */
  async #loadPreview(api) {
    const response = await api.volume(2);
    const [mx, my] = (response.headers.get("X-Shape") ?? "").split(",").map(Number);
    const half = new Int16Array(await response.arrayBuffer());
    const [nx, ny, nz] = this.shape;
    let place = 0;
    for (let z = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        const row = mx * ((y >> 1) + my * (z >> 1));
        for (let x = 0; x < nx; x++) this.array[place++] = half[row + (x >> 1)];
      }
    }
  }
}

/**
 * @param {Response} response
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* chunksOf(response) {
  if (!response.body) return;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
