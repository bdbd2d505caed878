/** What a slice is made of, each kept until its own cause changes: grey image, fill, outlines. */

import { outlines } from "./contour.js";
import { copyLabels, cut, paint } from "./slice.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./plane.js").Plane} Plane */

/** Pixels of one slice. */
class Picture {
  #pixels;

  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.canvas = new OffscreenCanvas(width, height);
    this.#pixels = new ImageData(width, height);
    /** RGBA in one number each. */
    this.words = new Uint32Array(this.#pixels.data.buffer);
  }

  show() {
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("This browser cannot draw on a canvas.");
    context.putImageData(this.#pixels, 0, 0);
  }
}

export class Layers {
  #scene;
  #plane;
  #grey;
  #fill;
  #labels;
  #hasLabels = false;
  /** @type {Map<number, Path2D>} In voxel indices. */
  #paths = new Map();
  #greyCause = "";
  /** @type {Uint32Array | null} */
  #greyTable = null;
  #labelCause = "";
  #fillCause = "";

  /**
   * @param {Scene} scene
   * @param {Plane} plane
   */
  constructor(scene, plane) {
    this.#scene = scene;
    this.#plane = plane;
    const { width, height } = cut(plane, scene.shape, 0);
    this.#grey = new Picture(width, height);
    this.#fill = new Picture(width, height);
    this.#labels = new Uint16Array(width * height);
  }

  /**
   * The windowed image of a slice; a row goes along `plane.across`.
   * @param {number} slice
   * @returns {OffscreenCanvas}
   */
  grey(slice) {
    const cause = `${slice} ${this.#scene.loads.value}`;
    const table = this.#scene.greys.value;
    if (cause !== this.#greyCause || table !== this.#greyTable) {
      const { volume, shape } = this.#scene;
      paint(volume.array, cut(this.#plane, shape, slice), table, this.#grey.words);
      this.#grey.show();
      this.#greyCause = cause;
      this.#greyTable = table;
    }
    return this.#grey.canvas;
  }

  /**
   * The coloured labels of a slice, null where there are none.
   * @param {number} slice
   * @returns {OffscreenCanvas | null}
   */
  fill(slice) {
    this.#read(slice);
    if (!this.#hasLabels) return null;
    const cause = `${this.#labelCause} ${this.#scene.looks}`;
    if (cause !== this.#fillCause) {
      const colours = this.#scene.colours();
      const { words } = this.#fill;
      for (let place = 0; place < words.length; place++) words[place] = colours[this.#labels[place]];
      this.#fill.show();
      this.#fillCause = cause;
    }
    return this.#fill.canvas;
  }

  /**
   * The outline of each label of a slice, in voxel indices across and down.
   * @param {number} slice
   * @returns {Map<number, Path2D>}
   */
  outlines(slice) {
    this.#read(slice);
    return this.#paths;
  }

  /** @param {number} slice */
  #read(slice) {
    const cause = `${slice} ${this.#scene.relabels.value}`;
    if (cause === this.#labelCause) return;
    this.#labelCause = cause;
    const { labels, shape } = this.#scene;
    const where = cut(this.#plane, shape, slice);
    this.#hasLabels = copyLabels(labels.array, where, this.#labels);
    this.#paths = new Map();
    if (!this.#hasLabels) return;
    for (const [label, points] of outlines(this.#labels, where.width, where.height)) {
      this.#paths.set(label, pathOf(points));
    }
  }
}

/**
 * @param {number[]} points `x0, y0, x1, y1` of each segment.
 * @returns {Path2D}
 */
function pathOf(points) {
  const path = new Path2D();
  for (let place = 0; place < points.length; place += 4) {
    path.moveTo(points[place], points[place + 1]);
    path.lineTo(points[place + 2], points[place + 3]);
  }
  return path;
}
