/** The 3D pane: never in the way of the slices, and in words where there is no WebGL. */

import { make } from "./dom.js";
import { onceAFrame } from "./frames.js";
import { Caster } from "./raycast/caster.js";
import { ReducedGrid } from "./raycast/grid.js";
import { Orbit } from "./raycast/orbit.js";
import { keepSharp } from "./sharp_canvas.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./raycast/caster.js").TextureName} TextureName */

const CALM_MS = 200; // after the last change before anything is done in 3D
const SLAB_MS = 12; // of work between two chances for the slices to be drawn
const MOVING_MS = 60; // a frame while it is turned
const RESTING_MS = 400; // a frame that stays
const COARSE = 0.35; // of the pixels along each side while it is turned, at most

export class VolumePane {
  #scene;
  #canvas;
  #words;
  #grid;
  #orbit = new Orbit();
  /** @type {Caster | null} */
  #caster = null;
  /** Pixels that were cast in a millisecond. */
  #speed = 200;
  /** Counts the pictures that were asked for; a later one ends an earlier. */
  #asked = 0;
  #timer = 0;
  /** @type {Set<"image" | "labels">} What the textures do not hold yet. */
  #stale = new Set(/** @type {const} */ (["image", "labels"]));

  /**
   * @param {HTMLElement} root
   * @param {Scene} scene
   */
  constructor(root, scene) {
    this.#scene = scene;
    this.#grid = new ReducedGrid(scene.shape);
    this.#canvas = make("canvas", {
      tabindex: 0,
      role: "application",
      "aria-label": "3D view: arrows turn it, plus and minus zoom",
    });
    this.#words = make("p", { class: "words" });
    root.dataset.plane = "volume";
    root.replaceChildren(this.#canvas, make("h2", { class: "title" }, "3D"), this.#words);
    this.#listen();
    this.#watch();
  }

  /** The canvas and its caster, made when they are first wanted. */
  #begin() {
    const gl = this.#canvas.getContext("webgl2", {
      antialias: false,
      alpha: false,
      // casting goes on between two presentations, which must not show
      preserveDrawingBuffer: true,
    });
    if (!gl) return null;
    const { cells, step } = this.#grid;
    const { spacing_mm: spacing } = this.#scene.facts;
    const sides = cells.map((count, axis) => count * step * spacing[axis]);
    const longest = Math.max(...sides);
    return new Caster(gl, cells, [sides[0] / longest, sides[1] / longest, sides[2] / longest]);
  }

  #watch() {
    const { loads, relabels, window, progress, preferences } = this.#scene;
    const later = (/** @type {("image" | "labels")[]} */ ...stale) => () => {
      for (const one of stale) this.#stale.add(one);
      this.#later();
    };
    loads.watch(later("image"));
    window.watch(later("image"));
    relabels.watch(later("labels"));
    let shown = "";
    progress.watch(() => {
      if (this.#scene.looks !== shown) later("labels")();
      shown = this.#scene.looks;
    });
    preferences.watch(() => this.#later());
    keepSharp(this.#canvas, () => this.#later());
  }

  #listen() {
    const canvas = this.#canvas;
    const moved = () => this.#moving();
    canvas.addEventListener("pointerdown", ({ pointerId }) => canvas.setPointerCapture(pointerId));
    canvas.addEventListener("pointermove", ({ buttons, movementX, movementY }) => {
      if (!buttons) return;
      this.#orbit.turn(movementX, movementY);
      moved();
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.#orbit.near(Math.exp(-event.deltaY / 500));
        moved();
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", () => {
      this.#orbit = new Orbit();
      moved();
    });
    canvas.addEventListener("keydown", (event) => {
      const { key } = event;
      if (key === "ArrowLeft") this.#orbit.turn(-15, 0);
      else if (key === "ArrowRight") this.#orbit.turn(15, 0);
      else if (key === "ArrowUp") this.#orbit.turn(0, -15);
      else if (key === "ArrowDown") this.#orbit.turn(0, 15);
      else if (key === "+" || key === "=") this.#orbit.near(1.2);
      else if (key === "-") this.#orbit.near(1 / 1.2);
      else return;
      event.preventDefault();
      moved();
    });
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#caster = null;
      this.#say("The graphics card gave up the 3D view. It comes back with a reload.");
    });
  }

  /** @param {string} words Empty where there is a picture. */
  #say(words) {
    this.#words.textContent = words;
    this.#words.hidden = !words;
    this.#canvas.hidden = Boolean(words);
  }

  /** Draws when the user has been still for a moment. */
  #later() {
    this.#asked++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#rest(), CALM_MS);
  }

  /** Draws coarsely now, and well later. */
  #moving = onceAFrame(() => {
    this.#later();
    if (!this.#caster || this.#stale.size) return;
    const pixels = this.#canvas.width * this.#canvas.height;
    const share = Math.min(Math.sqrt((this.#speed * MOVING_MS) / 2 / pixels), COARSE);
    const height = this.#start(share, 2);
    this.#timed(0, height);
    this.#caster.present();
  });

  async #rest() {
    const asked = this.#asked;
    if (!this.#scene.preferences.value.volume) {
      this.#say("The 3D view is off. Turn it on under Display.");
      return;
    }
    if (!this.#canvas.dataset.webgl) {
      this.#caster = this.#begin();
      this.#canvas.dataset.webgl = this.#caster ? "yes" : "no";
    }
    if (!this.#caster) {
      this.#say("This browser offers no WebGL 2, so there is no 3D view. The slices need none.");
      return;
    }
    this.#say("");
    if (!(await this.#fill(asked)) || !this.#canvas.width) return;
    const pixels = this.#canvas.width * this.#canvas.height;
    const share = Math.min(Math.sqrt((this.#speed * RESTING_MS) / pixels), 1);
    const height = this.#start(share, 1);
    for (let row = 0; row < height; ) {
      const fitting = Math.ceil((this.#speed * SLAB_MS) / (this.#canvas.width * share));
      const count = Math.min(Math.max(fitting, 1), height - row);
      this.#timed(row, count);
      row += count;
      await turn();
      if (asked !== this.#asked) return;
    }
    this.#caster.present();
    this.#canvas.dataset.drawnRevision = String(this.#scene.labels.revision);
  }

  /**
   * @param {number} share Of the canvas's pixels along each side.
   * @param {number} coarseness Of the steps along a ray.
   * @returns {number} Rows of the picture.
   */
  #start(share, coarseness) {
    const { width, height, clientWidth, clientHeight } = this.#canvas;
    const shorter = Math.min(clientWidth, clientHeight);
    const unit = 1.35 / this.#orbit.zoom / shorter;
    const rows = Math.max(1, Math.round(height * share));
    this.#caster?.begin(
      Math.max(1, Math.round(width * share)),
      rows,
      this.#orbit.matrix,
      [clientWidth * unit, clientHeight * unit],
      (coarseness * 0.7) / Math.max(...this.#grid.cells),
    );
    return rows;
  }

  /**
   * @param {number} row
   * @param {number} count
   */
  #timed(row, count) {
    const before = performance.now();
    this.#caster?.rows(row, count);
    const spent = Math.max(performance.now() - before, 0.1);
    const share = this.#canvas.height ? this.#canvas.width : 1;
    this.#speed = 0.7 * this.#speed + (0.3 * count * share) / spent;
  }

  /**
   * Brings the textures up to date, layer by layer.
   * @param {number} asked
   * @returns {Promise<boolean>} False where something newer was asked for meanwhile.
   */
  async #fill(asked) {
    const { volume, labels, greys, progress } = this.#scene;
    const caster = this.#caster;
    if (!caster) return false;
    if (this.#stale.has("labels")) {
      // a cell has a byte: from 256 objects on, some share one
      const colours = this.#scene.colours();
      const palette = new Uint32Array(256);
      const cells = new Uint8Array(65536);
      for (const { label, visible } of progress.value.objects) {
        if (!visible) continue;
        cells[label] = 1 + ((label - 1) % 255);
        palette[cells[label]] = colours[label];
      }
      caster.setColours(new Uint8Array(palette.buffer));
      const done = await this.#layers(asked, (layer) => {
        const bytes = this.#grid.layer(labels.array, layer, (label) => cells[label]);
        caster.setLayer("labels", layer, bytes);
        caster.setLayer("occupied", layer, bytes.map((label) => (label ? 255 : 0)));
      });
      if (!done) return false;
      this.#stale.delete("labels");
    }
    if (this.#stale.has("image")) {
      const table = greys.value;
      const done = await this.#layers(asked, (layer) =>
        caster.setLayer(
          "image",
          layer,
          this.#grid.layer(volume.array, layer, (stored) => table[stored & 0xffff] & 0xff),
        ),
      );
      if (!done) return false;
      this.#stale.delete("image");
    }
    return true;
  }

  /**
   * @param {number} asked
   * @param {(layer: number) => void} send
   * @returns {Promise<boolean>}
   */
  async #layers(asked, send) {
    let since = performance.now();
    for (let layer = 0; layer < this.#grid.cells[2]; layer++) {
      send(layer);
      if (performance.now() - since < SLAB_MS) continue;
      await turn();
      if (asked !== this.#asked) return false;
      since = performance.now();
    }
    return true;
  }
}

/** Lets everything else have its turn. */
function turn() {
  return new Promise((done) => setTimeout(done, 0));
}
