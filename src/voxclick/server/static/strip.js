/** A strip along the slices of a plane: how sure the model is of each, and so where to look next. */

import { make } from "./dom.js";

/** @typedef {import("./contract.js").Slices} Slices */

const SURE = 0.9; // and above: green; so much below: red
const UNSURE = 0.5;

export class Strip {
  #count;

  /**
   * @param {number} count Slices of the plane.
   * @param {(slice: number) => void} chosen
   */
  constructor(count, chosen) {
    this.#count = count;
    this.element = make("div", { class: "strip", hidden: true });
    this.element.addEventListener("click", (event) => {
      const share = event.offsetX / Math.max(1, this.element.clientWidth);
      chosen(Math.min(Math.max(Math.floor(share * count), 0), count - 1));
    });
  }

  /** @param {Slices | null | undefined} slices */
  show(slices) {
    this.element.hidden = !slices?.numbers.length;
    if (!slices || this.element.hidden) return;
    const stops = slices.numbers.map((number, place) => {
      const colour = slices.prompted.includes(number) ? "#fff" : shade(slices.quality[place]);
      return [number, colour];
    });
    this.element.style.background = `linear-gradient(to right, ${this.#gradient(stops)})`;
    const least = slices.numbers[slices.quality.indexOf(Math.min(...slices.quality))];
    this.element.dataset.least = String(least);
    this.element.title = `How sure the model is of each slice; least of ${least + 1}`;
  }

  /** @param {(number | string)[][]} stops A slice and its colour, ascending. */
  #gradient(stops) {
    const parts = ["transparent 0"];
    for (const [number, colour] of stops) {
      const from = (100 * Number(number)) / this.#count;
      const to = (100 * (Number(number) + 1)) / this.#count;
      parts.push(`transparent ${from}%`, `${colour} ${from}%`, `${colour} ${to}%`, `transparent ${to}%`);
    }
    return parts.join(", ");
  }
}

/** @param {number} quality From red over yellow to green. */
function shade(quality) {
  const share = Math.min(Math.max((quality - UNSURE) / (SURE - UNSURE), 0), 1);
  return `hsl(${Math.round(120 * share)} 80% 50%)`;
}
