/** What mouse, pen and fingers do on a slice. Pointer events alone: Chromium cuts the positions of
 * mouse events to whole pixels, which puts a prompt one voxel off. */

import { dragged } from "./intensity.js";
import { nearest, inside } from "./plane.js";
import { draws } from "./tools/kinds.js";

/** @typedef {import("./slice_pane.js").SlicePane} SlicePane */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {[number, number]} Place CSS pixels on the canvas. */
/** @typedef {"press" | "draw" | "crosshair" | "window" | "pan" | "pinch"} Gesture */

const STILL_PX = 4;
const WHEEL_STEP = 50;

export class Pointer {
  #pane;
  #scene;
  #drawing;
  /** @type {Map<number, Place>} Fingers that are down. */
  #down = new Map();
  /** @type {Gesture | null} */
  #gesture = null;
  #right = false;
  /** @type {Place} */
  #from = [0, 0];
  #wheel = 0;

  /**
   * @param {SlicePane} pane
   * @param {Scene} scene
   * @param {import("./drawing.js").Drawing} drawing
   */
  constructor(pane, scene, drawing) {
    this.#pane = pane;
    this.#scene = scene;
    this.#drawing = drawing;
    const { canvas } = pane;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("pointerleave", () => (scene.pointer.value = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
  }

  /**
   * @param {MouseEvent} event
   * @returns {Place}
   */
  #place(event) {
    const { left, top } = this.#pane.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {PointerEvent} event */
  #press(event) {
    event.preventDefault();
    const { canvas } = this.#pane;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, this.#place(event));
    if (this.#down.size > 1) {
      this.#drawing.drop();
      this.#gesture = "pinch";
      return;
    }
    this.#from = this.#place(event);
    this.#right = event.button === 2 || event.altKey || event.ctrlKey;
    this.#gesture = this.#gestureOf(event);
    if (this.#gesture === "draw") {
      this.#drawing.begin(this.#pane, this.#pane.voxelAt(...this.#from), this.#right);
    }
    if (this.#gesture === "crosshair") this.#scene.lookAt(this.#pane.voxelAt(...this.#from));
  }

  /**
   * @param {PointerEvent} event
   * @returns {Gesture}
   */
  #gestureOf({ button, shiftKey }) {
    const held = this.#scene.held.value;
    if (button === 1) return "pan";
    if (shiftKey) return "crosshair";
    if (!draws(held)) return button === 2 ? "window" : held.name;
    return held.name === "point" ? "press" : "draw";
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const place = this.#place(event);
    const under = this.#pane.voxelAt(...place);
    this.#scene.pointer.value = inside(under, this.#scene.shape) ? nearest(under) : null;
    const last = this.#down.get(event.pointerId);
    if (!last) return;
    if (this.#gesture === "pinch") this.#pinch(event.pointerId, last, place);
    this.#down.set(event.pointerId, place);
    if (this.#gesture === "press" && apart(this.#from, place) > STILL_PX) {
      this.#gesture = this.#right ? "window" : "crosshair";
    }
    if (this.#gesture === "draw") {
      for (const one of partsOf(event)) this.#drawing.move(this.#pane.voxelAt(...this.#place(one)));
    } else if (this.#gesture === "crosshair") this.#scene.lookAt(under);
    else if (this.#gesture === "pan") this.#pane.pan(place[0] - last[0], place[1] - last[1]);
    else if (this.#gesture === "window") {
      const { clientWidth, clientHeight } = this.#pane.canvas;
      const { window } = this.#scene;
      const across = (place[0] - last[0]) / clientWidth;
      window.value = dragged(window.value, across, (place[1] - last[1]) / clientHeight);
    }
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const gesture = this.#gesture;
    this.#lift(event);
    if (gesture === "press") {
      const at = this.#pane.voxelAt(...this.#from);
      this.#scene.lookAt(at);
      this.#drawing.begin(this.#pane, at, this.#right);
      this.#drawing.end();
    } else if (gesture === "draw") this.#drawing.end();
  }

  /** @param {PointerEvent} event */
  #cancel(event) {
    this.#lift(event);
    this.#drawing.drop();
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    this.#down.delete(event.pointerId);
    // the finger that stays after a pinch means nothing by itself
    if (this.#down.size === 0) this.#gesture = null;
  }

  /**
   * @param {number} id
   * @param {Place} last
   * @param {Place} place
   */
  #pinch(id, last, place) {
    const other = [...this.#down].find(([finger]) => finger !== id)?.[1];
    if (!other) return;
    this.#pane.pan((place[0] - last[0]) / 2, (place[1] - last[1]) / 2);
    const middle = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    this.#pane.zoom(apart(place, other) / Math.max(apart(last, other), 1), middle[0], middle[1]);
  }

  /** @param {WheelEvent} event */
  #turn(event) {
    event.preventDefault();
    if (event.ctrlKey) {
      this.#pane.zoom(Math.exp(-event.deltaY / 200), ...this.#place(event));
      return;
    }
    // a mouse turns by 100 or 120 or by lines, a trackpad by a few pixels at a time
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL;
    this.#wheel += pixels && Math.abs(event.deltaY) < WHEEL_STEP
      ? event.deltaY / WHEEL_STEP
      : Math.sign(event.deltaY);
    const slices = Math.trunc(this.#wheel);
    this.#wheel -= slices;
    if (slices) this.#pane.scroll(-slices);
  }
}

/**
 * Where the pointer was since the last frame, for a smooth line; not every browser tells.
 * @param {PointerEvent} event
 * @returns {PointerEvent[]}
 */
function partsOf(event) {
  const parts = event.getCoalescedEvents?.() ?? [];
  return parts.length ? parts : [event];
}

/**
 * @param {Place} one
 * @param {Place} other
 */
function apart(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
