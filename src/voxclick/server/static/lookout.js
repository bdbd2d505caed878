/** Leads from one place where the mask may be wrong to the next. */

/** @typedef {import("./contract.js").Suggestion} Suggestion */
/** @typedef {import("./contract.js").Vector3} Vector3 */

export class Lookout {
  #scene;
  #session;
  /** @type {Vector3[]} Shown since the newest prompt. */
  #seen = [];
  #cause = "";
  #asking = false;

  /**
   * @param {import("./scene.js").Scene} scene
   * @param {import("./session.js").Session} session
   */
  constructor(scene, session) {
    this.#scene = scene;
    this.#session = session;
  }

  /** Shows the next place of the current object, and says what a click there would say. */
  async next() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#session.settled;
      await this.#show();
    } finally {
      this.#asking = false;
    }
  }

  async #show() {
    const { note } = this.#session.activity;
    const object = this.#scene.current;
    if (!object?.voxels) {
      note.value = "There is nothing to look at yet. Place a prompt first.";
      return;
    }
    const cause = JSON.stringify([this.#scene.progress.value.model, object.label, object.prompts]);
    if (cause !== this.#cause) this.#seen = [];
    this.#cause = cause;
    const answer = await this.#session.suggest(object.label, this.#seen);
    if (!answer) return;
    note.value = answer.place ? question(answer.place, object.name) : nowhere(object.name);
    if (!answer.place) return;
    this.#seen.push(answer.place.at);
    this.#scene.lookAt(answer.place.at);
    this.#scene.asked.value = this.#scene.crosshair.value;
  }
}

/**
 * @param {Suggestion} place
 * @param {string} name Of the object.
 */
function question({ positive }, name) {
  return positive
    ? `Is this part of ${name}? Click if it is: it is left out.`
    : `Is this part of ${name}? Right-click if not: it is taken in.`;
}

/** @param {string} name Of the object. */
function nowhere(name) {
  return `No place is left in ${name} that deserves a look.`;
}
