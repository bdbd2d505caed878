/** One of the three planes: a slice with its objects, prompts and crosshair. */

import { make } from "./dom.js";
import { onceAFrame } from "./frames.js";
import { Layers } from "./layers.js";
import { drawCrosshair, drawPrompt } from "./marks.js";
import { edges, mirrored, Placement } from "./plane.js";
import { keepSharp } from "./sharp_canvas.js";
import { Strip } from "./strip.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./contract.js").Vector3} Vector3 */

const MARGIN = 0.96; // of the pane that the whole slice fills
const ZOOM = { least: 0.5, most: 40 };

export class SlicePane {
  #scene;
  #layers;
  #context;
  #zoom = 1;
  /** @type {[number, number]} Indices across and down in the middle. */
  #centre;
  #slider;
  #strip;
  #place;
  #letters;

  /**
   * @param {HTMLElement} root
   * @param {Plane} plane
   * @param {Scene} scene
   */
  constructor(root, plane, scene) {
    this.plane = plane;
    this.#scene = scene;
    this.#layers = new Layers(scene, plane);
    this.#centre = this.#middle();
    const title = plane.name[0].toUpperCase() + plane.name.slice(1);
    this.canvas = make("canvas", {
      tabindex: 0,
      role: "application",
      "aria-label": `${title} slices`,
      "aria-describedby": "pane-help",
    });
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This browser cannot draw on a canvas.");
    this.#context = context;
    this.#slider = make("input", {
      type: "range",
      class: "slice",
      min: 0,
      max: scene.shape[plane.axis] - 1,
      "aria-label": `${title} slice`,
    });
    this.#slider.addEventListener("input", () => this.scroll(this.#slider.valueAsNumber - this.slice));
    this.#strip = new Strip(scene.shape[plane.axis], (slice) => this.scroll(slice - this.slice));
    this.#place = make("span", { class: "place" });
    this.#letters = {
      left: make("span", { class: "edge left" }),
      right: make("span", { class: "edge right" }),
      top: make("span", { class: "edge top" }),
      bottom: make("span", { class: "edge bottom" }),
    };
    root.dataset.plane = plane.name;
    root.replaceChildren(
      this.canvas,
      make("h2", { class: "title" }, title),
      this.#place,
      ...Object.values(this.#letters),
      this.#strip.element,
      this.#slider,
    );
    this.#watch();
  }

  /** Index of the slice that is shown. */
  get slice() {
    return this.#scene.crosshair.value[this.plane.axis];
  }

  /** Where voxels of the slice lie on the canvas. */
  get placement() {
    const { across, down } = this.plane;
    const { spacing_mm: spacing } = this.#scene.facts;
    const { shape } = this.#scene;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    const fit = Math.min(
      width / (shape[across] * spacing[across]),
      height / (shape[down] * spacing[down]),
    );
    const scale = fit * MARGIN * this.#zoom;
    return new Placement(
      this.plane,
      mirrored(this.plane, this.#scene.preferences.value.radiological),
      this.#centre,
      [scale * spacing[across], scale * spacing[down]],
      [width, height],
    );
  }

  /**
   * @param {number} x CSS pixels.
   * @param {number} y CSS pixels.
   * @returns {Vector3} Between voxels too.
   */
  voxelAt(x, y) {
    return this.placement.voxelAt(x, y, this.slice);
  }

  /** @param {number} slices */
  scroll(slices) {
    this.#scene.move(this.plane.axis, slices);
  }

  /**
   * @param {number} factor
   * @param {number} x CSS pixels of what stays where it is.
   * @param {number} y
   */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const before = this.placement.indices(x, y);
    this.#zoom = Math.min(Math.max(this.#zoom * factor, ZOOM.least), ZOOM.most);
    const after = this.placement.indices(x, y);
    this.#centre = [
      this.#centre[0] + before[0] - after[0],
      this.#centre[1] + before[1] - after[1],
    ];
    this.redraw();
  }

  /**
   * @param {number} x CSS pixels to the right.
   * @param {number} y CSS pixels down.
   */
  pan(x, y) {
    const [width, height] = this.placement.size;
    this.#centre = this.placement.indices(width / 2 - x, height / 2 - y);
    this.redraw();
  }

  /** Shows the whole slice. */
  fit() {
    this.#zoom = 1;
    this.#centre = this.#middle();
    this.redraw();
  }

  /** Asks for a drawing in the next frame. */
  redraw = onceAFrame(() => this.#draw());

  /** @returns {[number, number]} */
  #middle() {
    const { shape } = this.#scene;
    return [(shape[this.plane.across] - 1) / 2, (shape[this.plane.down] - 1) / 2];
  }

  /**
   * Brings a voxel of this slice onto the canvas, where it is not.
   * @param {Vector3} voxel
   */
  #reveal(voxel) {
    const [x, y] = this.placement.pixelOf(voxel);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const seen = x >= 0 && y >= 0 && x <= width && y <= height;
    if (!seen) this.#centre = [voxel[this.plane.across], voxel[this.plane.down]];
    this.redraw();
  }

  #watch() {
    const { crosshair, asked, greys, preferences, progress, draft, sent, selected, loads, relabels } =
      this.#scene;
    for (const cause of [greys, progress, draft, sent, selected, loads, relabels]) {
      cause.watch(this.redraw);
    }
    progress.watch(() => {
      const slices = this.#scene.current?.slices;
      this.#strip.show(slices?.axis === this.plane.axis ? slices : null);
    });
    crosshair.watch(() => {
      this.#place.textContent = `${this.slice + 1} / ${this.#scene.shape[this.plane.axis]}`;
      this.#slider.valueAsNumber = this.slice;
      this.redraw();
    });
    asked.watch((at) => at && this.#reveal(at));
    preferences.watch((value) => {
      const letters = edges(this.plane, value.radiological);
      for (const side of /** @type {const} */ (["left", "right", "top", "bottom"])) {
        this.#letters[side].textContent = letters[side];
      }
      this.redraw();
    });
    keepSharp(this.canvas, () => this.#draw());
  }

  #draw() {
    const { canvas } = this;
    if (!canvas.width || !canvas.clientWidth) return;
    const context = this.#context;
    const placement = this.placement;
    const ratio = canvas.width / canvas.clientWidth;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, canvas.height / canvas.clientHeight, 0, 0);
    this.#drawImage(placement);
    this.#drawLabels(placement);
    this.#drawMarks(placement);
    canvas.dataset.slice = String(this.slice);
    canvas.dataset.drawnRevision = String(this.#scene.labels.revision);
  }

  /**
   * From indices across and down to CSS pixels.
   * @param {Placement} placement
   */
  #matrix({ scale, sign, centre, size }) {
    return new DOMMatrix([
      sign * scale[0],
      0,
      0,
      -scale[1],
      size[0] / 2 - sign * centre[0] * scale[0],
      size[1] / 2 + centre[1] * scale[1],
    ]);
  }

  /** @param {Placement} placement */
  #drawImage(placement) {
    const context = this.#context;
    context.save();
    const { a, d, e, f } = this.#matrix(placement);
    context.transform(a, 0, 0, d, e, f);
    context.imageSmoothingEnabled = this.#scene.preferences.value.smooth;
    // the first voxel's centre is at 0, its face at -0.5
    context.drawImage(this.#layers.grey(this.slice), -0.5, -0.5);
    const { outlines, opacity } = this.#scene.preferences.value;
    const fill = outlines ? null : this.#layers.fill(this.slice);
    if (fill) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = opacity;
      context.drawImage(fill, -0.5, -0.5);
    }
    context.restore();
  }

  /** @param {Placement} placement */
  #drawLabels(placement) {
    const { outlines, opacity } = this.#scene.preferences.value;
    if (!outlines) return;
    const context = this.#context;
    const paths = this.#layers.outlines(this.slice);
    const matrix = this.#matrix(placement);
    context.save();
    context.globalAlpha = opacity;
    context.lineCap = "round";
    for (const { label, colour, visible } of this.#scene.progress.value.objects) {
      const path = paths.get(label);
      if (!visible || !path) continue;
      const onScreen = new Path2D();
      onScreen.addPath(path, matrix);
      context.strokeStyle = colour;
      context.lineWidth = label === this.#scene.progress.value.current ? 2 : 1.25;
      context.stroke(onScreen);
    }
    context.restore();
  }

  /** @param {Placement} placement */
  #drawMarks(placement) {
    const { crosshair, asked, draft, sent, selected, progress, preferences, current } = this.#scene;
    const context = this.#context;
    if (preferences.value.crosshair || asked.value === crosshair.value) {
      drawCrosshair(context, placement, crosshair.value);
    }
    if (preferences.value.prompts) {
      for (const object of progress.value.objects) {
        if (!object.visible || object !== current) continue;
        object.prompts.forEach((prompt, place) => {
          const chosen = selected.value?.object === object.label && selected.value.place === place;
          drawPrompt(context, placement, this.slice, prompt, chosen ? "selected" : "given");
        });
      }
    }
    for (const prompt of sent.value) drawPrompt(context, placement, this.slice, prompt, "sent");
    if (draft.value) drawPrompt(context, placement, this.slice, draft.value, "given");
  }
}
