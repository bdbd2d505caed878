/** The help sheet. */

import { byId, make } from "../dom.js";

/** @typedef {import("../keys.js").Binding} Binding */

/**
 * @param {{title: string, bindings: Pick<Binding, "keys" | "does">[]}[]} groups
 */
export function fillHelp(groups) {
  byId("help-keys", HTMLElement).replaceChildren(
    ...groups.map(({ title, bindings }) =>
      make(
        "section",
        {},
        make("h3", {}, title),
        make("dl", {}, ...bindings.flatMap(({ keys, does }) => [terms(keys), make("dd", {}, does)])),
      ),
    ),
  );
}

/** @param {string[]} keys */
function terms(keys) {
  const named = keys.map((key) => make("kbd", {}, key.replace("Arrow", "")));
  return make("dt", {}, ...named.flatMap((key, n) => (n ? [" or ", key] : [key])));
}

export const MOUSE = [
  { keys: ["Click"], does: "Add: this belongs to the object" },
  { keys: ["Right click", "Alt+click"], does: "Remove: this does not" },
  { keys: ["Drag"], does: "Box, scribble, lasso; with the point tool, the crosshair" },
  { keys: ["Right drag"], does: "Window and level; with box, scribble and lasso, remove" },
  { keys: ["Shift+drag"], does: "Crosshair, with every tool" },
  { keys: ["Middle drag"], does: "Move the slice" },
  { keys: ["Wheel"], does: "Scroll through the slices" },
  { keys: ["Ctrl+wheel"], does: "Zoom" },
  { keys: ["Two fingers"], does: "Zoom and move" },
];
