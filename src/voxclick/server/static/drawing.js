/** The stroke that is being drawn on a pane, by pointer or by keys, until it is a prompt. */

import { draws } from "./tools/kinds.js";

/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./slice_pane.js").SlicePane} SlicePane */
/** @typedef {import("./tools/stroke.js").Stroke} Stroke */

export class Drawing {
  #scene;
  #give;
  /** @type {Stroke | null} */
  #stroke = null;

  /**
   * @param {Scene} scene
   * @param {(prompt: import("./contract.js").DrawnPrompt) => void} give
   */
  constructor(scene, give) {
    this.#scene = scene;
    this.#give = give;
  }

  get drawing() {
    return this.#stroke !== null;
  }

  /**
   * @param {SlicePane} pane
   * @param {Vector3} at Between voxels too.
   * @param {boolean} opposite Whether it says the opposite of what the panel says.
   */
  begin(pane, at, opposite) {
    const positive = this.#scene.positive.value !== opposite;
    this.#stroke = { plane: pane.plane, slice: pane.slice, points: [at], positive };
    this.#show();
  }

  /** @param {Vector3} at Between voxels too; on the slice where it began. */
  move(at) {
    if (!this.#stroke) return;
    this.#stroke.points.push(at);
    this.#show();
  }

  /** Gives the prompt, if the stroke says one. */
  end() {
    const prompt = this.#prompt();
    this.drop();
    if (!prompt) return;
    this.#give(prompt);
  }

  /** Forgets the stroke. */
  drop() {
    this.#stroke = null;
    this.#scene.draft.value = null;
  }

  #show() {
    this.#scene.draft.value = this.#prompt();
  }

  #prompt() {
    const { held, shape, depth } = this.#scene;
    if (!this.#stroke || !draws(held.value)) return null;
    return held.value.prompt(this.#stroke, shape, depth.value);
  }
}
