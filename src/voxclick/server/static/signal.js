/** A value that tells who listens when it changes. */

/** @template T */
export class Signal {
  /** @type {T} */
  #value;
  /** @type {Set<(value: T) => void>} */
  #listeners = new Set();

  /** @param {T} value */
  constructor(value) {
    this.#value = value;
  }

  /** @returns {T} */
  get value() {
    return this.#value;
  }

  set value(value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  }

  /**
   * Calls `listener` with the value now, and after each change.
   * @param {(value: T) => void} listener
   */
  watch(listener) {
    this.#listeners.add(listener);
    listener(this.#value);
  }
}
