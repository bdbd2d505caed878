/** What the keys do: one table, which the help sheet shows too. */

import { mirrored } from "./plane.js";
import { draws, HELD } from "./tools/kinds.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./slice_pane.js").SlicePane} SlicePane */
/** @typedef {import("./drawing.js").Drawing} Drawing */

/**
 * @typedef {object} Binding
 * @property {string[]} keys As `Ctrl+Shift+Z`; Ctrl is Command on a Mac.
 * @property {string} does For the help sheet.
 * @property {() => void} run
 */

const TYPED = "select, input:not([type=range], [type=checkbox], [type=color])";

/**
 * Whether the event is this key with these modifiers.
 * @param {KeyboardEvent} event
 * @param {string} keys
 */
function pressed(event, keys) {
  const parts = keys.split("+");
  const key = parts.pop() || "+";
  const letter = key.length === 1;
  const shift = parts.includes("Shift");
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    (event.ctrlKey || event.metaKey) === parts.includes("Ctrl") &&
    event.altKey === parts.includes("Alt") &&
    // `?` and `+` are typed with Shift on some keyboards and without it on others
    (event.shiftKey === shift || (letter && !/[a-z0-9]/i.test(key)))
  );
}

/**
 * Runs the first binding that fits.
 * @param {KeyboardEvent} event
 * @param {Binding[]} bindings
 */
function dispatch(event, bindings) {
  const found = bindings.find(({ keys }) => keys.some((key) => pressed(event, key)));
  if (!found) return;
  event.preventDefault();
  event.stopPropagation();
  found.run();
}

/**
 * Lets a pane that has the focus be worked by keys.
 * @param {SlicePane} pane
 * @param {Binding[]} bindings
 */
export function bindPane(pane, bindings) {
  pane.canvas.addEventListener("keydown", (event) => dispatch(event, bindings));
}

/**
 * Lets the page be worked by keys, wherever no text is typed.
 * @param {Binding[]} bindings
 */
export function bindPage(bindings) {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const typing = target instanceof HTMLElement && target.matches(TYPED);
    if (!typing && !document.querySelector("dialog[open]")) dispatch(event, bindings);
  });
}

/**
 * @param {SlicePane} pane
 * @param {Scene} scene
 * @param {Drawing} drawing
 * @param {() => void} remove Takes out the prompt that is meant.
 * @returns {Binding[]}
 */
export function paneBindings(pane, scene, drawing, remove) {
  const { across, down, axis } = pane.plane;
  const step = (/** @type {number} */ moved, /** @type {number} */ steps) => {
    scene.move(moved, steps);
    drawing.move(scene.crosshair.value);
  };
  const right = () => (mirrored(pane.plane, scene.preferences.value.radiological) ? -1 : 1);
  const pen = (/** @type {boolean} */ opposite) => {
    if (!draws(scene.held.value)) return;
    if (drawing.drawing) return drawing.end();
    drawing.begin(pane, scene.crosshair.value, opposite);
    if (scene.held.value.name === "point") drawing.end();
  };
  const slices = (/** @type {number} */ count) => {
    drawing.drop();
    pane.scroll(count);
  };
  return [
    { keys: ["ArrowLeft"], does: "Crosshair one voxel to the left", run: () => step(across, -right()) },
    { keys: ["ArrowRight"], does: "Crosshair one voxel to the right", run: () => step(across, right()) },
    { keys: ["ArrowUp"], does: "Crosshair one voxel up", run: () => step(down, 1) },
    { keys: ["ArrowDown"], does: "Crosshair one voxel down", run: () => step(down, -1) },
    { keys: ["PageUp"], does: "Next slice", run: () => slices(1) },
    { keys: ["PageDown"], does: "Previous slice", run: () => slices(-1) },
    { keys: ["Home"], does: "Last slice", run: () => slices(scene.shape[axis]) },
    { keys: ["End"], does: "First slice", run: () => slices(-scene.shape[axis]) },
    {
      keys: ["Enter"],
      does: "Point at the crosshair; with the other tools, pen down and pen up",
      run: () => pen(false),
    },
    { keys: ["Shift+Enter", "Alt+Enter"], does: "The same with the opposite sign", run: () => pen(true) },
    {
      keys: ["Delete", "Backspace"],
      does: "Remove the selected prompt, or the one at the crosshair",
      run: remove,
    },
    { keys: ["+", "="], does: "Zoom in", run: () => pane.zoom(1.25) },
    { keys: ["-"], does: "Zoom out", run: () => pane.zoom(0.8) },
    { keys: ["0"], does: "Whole slice", run: () => pane.fit() },
    { keys: ["Shift+ArrowLeft"], does: "Move the slice to the left", run: () => pane.pan(-40, 0) },
    { keys: ["Shift+ArrowRight"], does: "Move the slice to the right", run: () => pane.pan(40, 0) },
    { keys: ["Shift+ArrowUp"], does: "Move the slice up", run: () => pane.pan(0, -40) },
    { keys: ["Shift+ArrowDown"], does: "Move the slice down", run: () => pane.pan(0, 40) },
  ];
}

/**
 * @param {Scene} scene
 * @param {Drawing} drawing
 * @param {import("./session.js").Session} session
 * @param {{help: () => void, maximise: () => void, suggest: () => void}} page
 * @returns {Binding[]}
 */
export function pageBindings(scene, drawing, session, page) {
  const { preferences, positive } = scene;
  const turn = (/** @type {"outlines" | "crosshair" | "prompts" | "radiological"} */ name) => () =>
    (preferences.value = { ...preferences.value, [name]: !preferences.value[name] });
  const neighbour = (/** @type {number} */ by) => () => {
    const { objects } = scene.progress.value;
    const place = objects.findIndex((object) => object === scene.current);
    const next = objects[(place + by + objects.length) % objects.length];
    if (next) void session.changeObject(next.label, { current: true });
  };
  return [
    ...HELD.map((held, place) => ({
      keys: [String(place + 1)],
      does: `${held.title} tool`,
      run: () => {
        drawing.drop();
        scene.held.value = held;
      },
    })),
    { keys: ["X"], does: "Add or remove", run: () => (positive.value = !positive.value) },
    { keys: ["Ctrl+Z"], does: "Undo", run: () => void session.step("undo") },
    { keys: ["Ctrl+Shift+Z", "Ctrl+Y"], does: "Redo", run: () => void session.step("redo") },
    { keys: ["S"], does: "Suggest where to look next", run: page.suggest },
    {
      keys: ["Escape"],
      does: "Drop what is being drawn, or stop refining",
      run: () => (drawing.drawing ? drawing.drop() : void session.cancel()),
    },
    { keys: ["N"], does: "New object", run: () => void session.addObject() },
    { keys: ["]"], does: "Next object", run: neighbour(1) },
    { keys: ["["], does: "Previous object", run: neighbour(-1) },
    { keys: ["O"], does: "Outlines or fill", run: turn("outlines") },
    { keys: ["C"], does: "Show or hide the crosshair", run: turn("crosshair") },
    { keys: ["P"], does: "Show or hide the prompts", run: turn("prompts") },
    { keys: ["R"], does: "Radiological or neurological", run: turn("radiological") },
    { keys: ["F"], does: "One pane or all four", run: page.maximise },
    { keys: ["?"], does: "This sheet", run: page.help },
  ];
}

/**
 * Index of the newest prompt of an object that lies at a voxel, -1 for none.
 * @param {import("./contract.js").Prompt[]} prompts
 * @param {import("./contract.js").Vector3} at
 */
export function promptAt(prompts, at) {
  const near = (/** @type {number[]} */ point) =>
    point.every((value, axis) => Math.abs(value - at[axis]) <= 1);
  return prompts.findLastIndex((prompt) => {
    if (prompt.kind === "point") return near(prompt.at);
    if (prompt.kind === "scribble") return prompt.points.some(near);
    if (prompt.kind === "lasso") return prompt.vertices.some(near);
    if (prompt.kind === "mask") return false;
    return at.every((value, axis) => prompt.start[axis] <= value && value < prompt.stop[axis]);
  });
}
