/** What is going on, as one phase and a few words. */

import { Signal } from "./signal.js";

/** @typedef {"starting" | "loading" | "ready" | "encoding" | "thinking" | "refining" | "replaying" | "offline" | "failed"} Phase */
/** @typedef {{phase: Phase, words: string, share: number | null}} Doing */

/** @type {Record<import("./contract.js").Work, {phase: Phase, words: string}>} */
const WORK = {
  encoding: { phase: "encoding", words: "Encoding the image" },
  predicting: { phase: "thinking", words: "Thinking" },
  refining: { phase: "refining", words: "Refining" },
  replaying: { phase: "replaying", words: "Replaying the prompts" },
  suggesting: { phase: "thinking", words: "Looking for a place" },
};

export class Activity {
  doing = new Signal(/** @type {Doing} */ ({ phase: "starting", words: "Starting", share: null }));
  /** The newest failure, until it is dismissed. */
  failure = new Signal(/** @type {string | null} */ (null));
  /** What the server had to say about the newest answer. */
  note = new Signal(/** @type {string | null} */ (null));

  #asked = 0;
  #connected = true;
  /** @type {number | null} */
  #loaded = null;
  /** @type {import("./contract.js").BusyEvent | null} */
  #busy = null;

  /** @param {number} share Of the volume, from 0 to 1. */
  loading(share) {
    this.#loaded = share < 1 ? share : null;
    this.#tell();
  }

  /** @param {boolean} connected */
  connected(connected) {
    this.#connected = connected;
    if (!connected) this.#busy = null;
    this.#tell();
  }

  /** @param {import("./contract.js").BusyEvent} event */
  busy(event) {
    this.#busy = event.busy ? event : null;
    this.#tell();
  }

  /**
   * Shows that an answer is awaited, and the failure where there is one.
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T | null>} Null where it failed.
   */
  async during(work) {
    this.failure.value = null;
    this.note.value = null;
    this.#asked++;
    this.#tell();
    try {
      return await work;
    } catch (error) {
      this.failed(error);
      return null;
    } finally {
      this.#asked--;
      this.#tell();
    }
  }

  /** @param {unknown} error */
  failed(error) {
    this.failure.value = error instanceof Error ? error.message : String(error);
    this.#tell();
  }

  dismiss() {
    this.failure.value = null;
    this.#tell();
  }

  #tell() {
    this.doing.value = this.#now();
  }

  /** @returns {Doing} */
  #now() {
    if (!this.#connected) {
      return { phase: "offline", words: "Connection lost, trying again", share: null };
    }
    if (this.#loaded !== null) {
      const words = `Loading the volume, ${Math.floor(100 * this.#loaded)} %`;
      return { phase: "loading", words, share: this.#loaded };
    }
    if (this.#busy?.what) {
      const { phase, words } = WORK[this.#busy.what];
      const before = this.#busy.waiting ? `, ${this.#busy.waiting} before` : "";
      return { phase, words: words + before, share: null };
    }
    if (this.#asked) return { phase: "thinking", words: "Thinking", share: null };
    if (this.failure.value !== null) return { phase: "failed", words: "Failed", share: null };
    return { phase: "ready", words: "Ready", share: null };
  }
}
