/** One session: sends what the user says, and takes in what the server answers. */

import { Activity } from "./activity.js";
import { listen } from "./events.js";
import { readUpdate } from "./update.js";

/** @typedef {import("./contract.js").Answer} Answer */
/** @typedef {import("./contract.js").DrawnPrompt} DrawnPrompt */
/** @typedef {import("./contract.js").Progress} Progress */

/** How long the socket may lag behind an answer before the labels are fetched. */
const LAG_MS = 1000;

export class Session {
  activity = new Activity();
  /** Comes when the newest change is answered. */
  settled = Promise.resolve();
  #api;
  #scene;
  #wasConnected = false;

  /**
   * @param {import("./api.js").SessionApi} api
   * @param {import("./scene.js").Scene} scene
   */
  constructor(api, scene) {
    this.#api = api;
    this.#scene = scene;
  }

  /** Fetches volume and labels, and follows what happens from now on. */
  async start() {
    listen(this.#api.eventsUrl, {
      event: (event) => this.#take(event),
      update: (update) => {
        if (this.#scene.labels.apply(update)) this.#scene.relabels.value++;
      },
      connected: (connected) => this.#connected(connected),
    });
    const share = (/** @type {number} */ done) => {
      this.activity.loading(done);
      this.#scene.loads.value++;
    };
    share(0);
    await this.#guarded(
      Promise.all([this.#scene.volume.load(this.#api, share), this.#fetchLabels()]),
    );
    share(1);
  }

  /** @param {DrawnPrompt} prompt */
  async prompt(prompt) {
    const { sent, progress } = this.#scene;
    sent.value = [...sent.value, prompt];
    await this.#answered(this.#api.prompt(prompt, progress.value.current));
    sent.value = sent.value.filter((one) => one !== prompt);
  }

  /** @param {import("./scene.js").PromptPlace} where */
  removePrompt({ object, place }) {
    this.#scene.selected.value = null;
    return this.#answered(this.#api.removePrompt(object, place));
  }

  /** @param {"undo" | "redo"} way */
  step(way) {
    this.#scene.selected.value = null;
    return this.#answered(this.#api.step(way, this.#scene.progress.value.current));
  }

  /**
   * @param {number} object
   * @param {import("./contract.js").Vector3[]} seen
   * @returns {Promise<{place: import("./contract.js").Suggestion | null} | null>} Null where it failed.
   */
  suggest(object, seen) {
    return this.#guarded(this.#api.suggest(object, seen).then((place) => ({ place })));
  }

  cancel() {
    return this.#guarded(this.#api.cancel());
  }

  addObject() {
    return this.#changed(this.#api.addObject());
  }

  /**
   * @param {number} object
   * @param {Parameters<import("./api.js").SessionApi["changeObject"]>[1]} change
   */
  changeObject(object, change) {
    return this.#changed(this.#api.changeObject(object, change));
  }

  /** @param {number} object */
  dropObject(object) {
    this.#scene.selected.value = null;
    return this.#answered(this.#api.dropObject(object));
  }

  /** @param {string} name */
  setModel(name) {
    return this.#changed(this.#api.setModel(name));
  }

  /**
   * @param {string} format
   * @param {number | null} object
   * @returns {Promise<Response | null>}
   */
  export(format, object) {
    return this.#guarded(this.#api.export(format, object));
  }

  /** @param {import("./contract.js").ServerEvent} event */
  #take(event) {
    if (event.type === "state") this.#adopt(event.state);
    else if (event.type === "busy") this.activity.busy(event);
    else this.activity.failed(new Error(event.detail));
  }

  /** @param {boolean} connected */
  #connected(connected) {
    this.activity.connected(connected);
    // what happened while nobody listened
    if (connected && this.#wasConnected) void this.#guarded(this.#fetchLabels());
    this.#wasConnected ||= connected;
  }

  /** @param {Promise<Answer>} asked */
  #answered(asked) {
    this.settled = this.#takeAnswer(asked);
    return this.settled;
  }

  /** @param {Promise<Answer>} asked */
  async #takeAnswer(asked) {
    const answer = await this.#guarded(asked);
    if (!answer) return;
    this.#adopt(answer.state);
    if (answer.notes.length) this.activity.note.value = answer.notes.join(" ");
    this.#expect(answer.revision);
  }

  /** @param {Progress} progress */
  #adopt(progress) {
    if (progress.revision >= this.#scene.progress.value.revision) {
      this.#scene.progress.value = progress;
    }
  }

  /** @param {number} revision That the socket should bring. */
  #expect(revision) {
    setTimeout(() => {
      if (this.#scene.labels.revision < revision) void this.#guarded(this.#fetchLabels());
    }, LAG_MS);
  }

  /**
   * Takes in how things are now, also where what was asked for did not come about.
   * @param {Promise<unknown>} asked
   */
  #changed(asked) {
    const known = async () => {
      const state = await this.#api.state();
      this.#adopt(state);
      this.#expect(state.revision);
    };
    return this.#guarded(asked.finally(known));
  }

  async #fetchLabels() {
    const update = readUpdate(await this.#api.labels());
    if (update.revision < this.#scene.labels.revision) return;
    this.#scene.labels.replace(update);
    this.#scene.relabels.value++;
  }

  /**
   * @template T
   * @param {Promise<T>} work
   */
  #guarded(work) {
    return this.activity.during(work);
  }
}
