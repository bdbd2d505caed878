/** Everything that the panes show and the panels change, for one session. */

import { greys } from "./intensity.js";
import { Labels } from "./labels.js";
import { clamped } from "./plane.js";
import { Signal } from "./signal.js";
import { HELD } from "./tools/kinds.js";
import { Volume } from "./volume.js";

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./contract.js").Prompt} Prompt */
/** @typedef {import("./contract.js").DrawnPrompt} DrawnPrompt */
/** @typedef {import("./contract.js").State} State */
/** @typedef {import("./contract.js").Progress} Progress */
/** @typedef {import("./intensity.js").Range} Range */
/** @typedef {{object: number, place: number}} PromptPlace */
/** @typedef {{crosshair: Vector3, window: Range}} View */

export class Scene {
  /**
   * @param {State} state
   * @param {Signal<import("./preferences.js").Preferences>} preferences
   */
  constructor(state, preferences) {
    this.facts = state;
    this.preferences = preferences;
    this.volume = new Volume(state);
    this.labels = new Labels(state.shape);
    this.progress = new Signal(/** @type {Progress} */ (state));
    const view = keptView(state);
    this.crosshair = new Signal(view.crosshair);
    this.window = new Signal(view.window);
    /** Grey of each stored number. */
    this.greys = new Signal(greys(view.window, state.scale));
    /** Voxel under the pointer. */
    this.pointer = new Signal(/** @type {Vector3 | null} */ (null));
    /** What the left button does. */
    this.held = new Signal(/** @type {typeof HELD[number]} */ (HELD[0]));
    this.positive = new Signal(true);
    /** Slices that a box goes through. */
    this.depth = new Signal(1);
    /** What is being drawn. */
    this.draft = new Signal(/** @type {DrawnPrompt | null} */ (null));
    /** Sent, and not answered yet. */
    this.sent = new Signal(/** @type {DrawnPrompt[]} */ ([]));
    /** The crosshair at the place that the user was asked to look at; seen there in any case. */
    this.asked = new Signal(/** @type {Vector3 | null} */ (null));
    this.selected = new Signal(/** @type {PromptPlace | null} */ (null));
    /** Counts what came in of the volume. */
    this.loads = new Signal(0);
    /** Counts what changed in the labels. */
    this.relabels = new Signal(0);

    this.window.watch((range) => (this.greys.value = greys(range, this.volume.scale)));
    const keep = () => keepView(state.id, this.crosshair.value, this.window.value);
    this.crosshair.watch(keep);
    this.window.watch(keep);
  }

  /** @returns {Vector3} */
  get shape() {
    return this.facts.shape;
  }

  /** The object that the next prompt goes to. */
  get current() {
    const { objects, current } = this.progress.value;
    return objects.find((object) => object.label === current) ?? null;
  }

  /** Which labels are seen, and how: another text where that has changed. */
  get looks() {
    const { objects } = this.progress.value;
    return objects.map(({ label, colour, visible }) => `${label}${colour}${visible}`).join();
  }

  /** @param {Vector3} voxel The nearest one inside is taken. */
  lookAt(voxel) {
    const at = clamped(voxel, this.shape);
    if (at.join() !== this.crosshair.value.join()) this.crosshair.value = at;
  }

  /**
   * @param {number} axis
   * @param {number} steps
   */
  move(axis, steps) {
    /** @type {Vector3} */
    const to = [...this.crosshair.value];
    to[axis] += steps;
    this.lookAt(to);
  }

  /**
   * RGBA of each label number in one Uint32 (little-endian); hidden ones are clear.
   * @returns {Uint32Array}
   */
  colours() {
    const table = new Uint32Array(65536);
    for (const { label, colour, visible } of this.progress.value.objects) {
      if (!visible) continue;
      const rgb = Number.parseInt(colour.slice(1), 16);
      table[label] = 0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16);
    }
    return table;
  }
}

const KEY = "voxclick.view.";

/**
 * @param {State} state
 * @returns {View}
 */
function keptView({ id, shape, window }) {
  const kept = sessionStorage.getItem(KEY + id);
  if (kept) return JSON.parse(kept);
  const [x, y, z] = shape.map((length) => Math.floor(length / 2));
  return { crosshair: [x, y, z], window };
}

/**
 * @param {string} id
 * @param {Vector3} crosshair
 * @param {Range} window
 */
function keepView(id, crosshair, window) {
  sessionStorage.setItem(KEY + id, JSON.stringify({ crosshair, window }));
}
