/** The list of objects: name, colour, lock, visibility, volume. */

import { byId, icon, make } from "../dom.js";

/** @typedef {import("../scene.js").Scene} Scene */
/** @typedef {import("../session.js").Session} Session */
/** @typedef {import("../contract.js").SegmentedObject} SegmentedObject */

/**
 * @param {Scene} scene
 * @param {Session} session
 */
export function fillObjects(scene, session) {
  const list = byId("objects", HTMLUListElement);
  byId("new-object", HTMLButtonElement).addEventListener("click", () => void session.addObject());
  /** @type {Map<number, Row>} */
  const rows = new Map();
  scene.progress.watch(({ objects, current }) => {
    for (const [label, row] of rows) {
      if (objects.some((object) => object.label === label)) continue;
      row.element.remove();
      rows.delete(label);
    }
    for (const object of objects) {
      let row = rows.get(object.label);
      if (!row) {
        row = new Row(object.label, session);
        rows.set(object.label, row);
        list.append(row.element);
      }
      row.show(object, object.label === current);
    }
    byId("no-objects", HTMLElement).hidden = objects.length > 0;
  });
}

/** One object; its elements stay, so that the focus stays where it is. */
class Row {
  #session;
  #label;
  #colour = make("input", { type: "color" });
  #name = make("input", { type: "text", class: "name", maxlength: 64, spellcheck: "false" });
  #volume = make("span", { class: "volume" });
  #choose = make("button", { type: "button", class: "choose" });
  #visible = make("button", { type: "button", class: "quiet" });
  #lock = make("button", { type: "button", class: "quiet" });
  #drop = make("button", { type: "button", class: "quiet" }, icon("bin"));
  /** @type {SegmentedObject | null} */
  #object = null;

  /**
   * @param {number} label
   * @param {Session} session
   */
  constructor(label, session) {
    this.#label = label;
    this.#session = session;
    this.element = make(
      "li",
      { "data-object": label },
      this.#choose,
      this.#colour,
      this.#name,
      this.#volume,
      this.#visible,
      this.#lock,
      this.#drop,
    );
    this.#choose.addEventListener("click", () => this.#change({ current: true }));
    this.#colour.addEventListener("change", () => this.#change({ colour: this.#colour.value }));
    this.#name.addEventListener("change", () => this.#rename());
    this.#name.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") this.#name.blur();
    });
    this.#visible.addEventListener("click", () => this.#change({ visible: !this.#object?.visible }));
    this.#lock.addEventListener("click", () => this.#change({ locked: !this.#object?.locked }));
    this.#drop.addEventListener("click", () => void session.dropObject(label));
  }

  /**
   * @param {SegmentedObject} object
   * @param {boolean} current
   */
  show(object, current) {
    const { name, colour, locked, visible } = object;
    this.#object = object;
    this.element.classList.toggle("current", current);
    this.element.dataset.voxels = String(object.voxels);
    this.#colour.value = colour;
    if (document.activeElement !== this.#name) this.#name.value = name;
    this.#volume.textContent = `${millilitres(object.volume_ml)} ml`;
    this.#choose.setAttribute("aria-pressed", String(current));
    describe(this.#choose, `Prompts go to ${name}`);
    describe(this.#colour, `Colour of ${name}`);
    describe(this.#name, `Name of ${name}`);
    describe(this.#visible, visible ? `Hide ${name}` : `Show ${name}`);
    describe(this.#lock, locked ? `Unlock ${name}` : `Lock ${name}`);
    describe(this.#drop, `Delete ${name} and its prompts`);
    this.#visible.replaceChildren(icon(visible ? "eye" : "eye-off"));
    this.#visible.setAttribute("aria-pressed", String(!visible));
    this.#lock.replaceChildren(icon(locked ? "lock" : "lock-open"));
    this.#lock.setAttribute("aria-pressed", String(locked));
    this.#drop.disabled = locked;
  }

  #rename() {
    const name = this.#name.value.trim();
    if (name && name !== this.#object?.name) this.#change({ name });
    else this.#name.value = this.#object?.name ?? "";
  }

  /** @param {Parameters<Session["changeObject"]>[1]} change */
  #change(change) {
    void this.#session.changeObject(this.#label, change);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} words
 */
function describe(element, words) {
  element.setAttribute("aria-label", words);
  element.title = words;
}

/**
 * @param {number} volume
 * @returns {string} With three digits that count.
 */
function millilitres(volume) {
  if (volume === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(volume)));
  return volume.toFixed(Math.min(digits, 3));
}
