/**
 * What the server says and takes, as types; `docs/reference/http.md` in JSDoc.
 *
 * All coordinates are view indices: x grows to the patient's right, y to anterior, z to superior,
 * and the centre of a voxel is a whole number.
 *
 * @typedef {[number, number, number]} Vector3
 * @typedef {{start: Vector3, stop: Vector3}} Extent Half-open.
 *
 * @typedef {{kind: "point", at: Vector3, positive: boolean}} PointPrompt
 * @typedef {{kind: "box", start: Vector3, stop: Vector3, positive: boolean}} BoxPrompt
 * @typedef {{kind: "scribble", points: Vector3[], positive: boolean}} ScribblePrompt
 * @typedef {{kind: "lasso", vertices: Vector3[], axis: number, positive: boolean}} LassoPrompt
 * @typedef {{kind: "mask", positive?: boolean, axis?: number | null, slices?: number[]}} MaskPrompt
 * @typedef {PointPrompt | BoxPrompt | ScribblePrompt | LassoPrompt} DrawnPrompt
 * @typedef {DrawnPrompt | MaskPrompt} Prompt
 *
 * @typedef {object} SegmentedObject
 * @property {number} label
 * @property {string} name
 * @property {string} colour As #rrggbb.
 * @property {boolean} locked
 * @property {boolean} visible
 * @property {number} voxels
 * @property {number} volume_ml
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {Prompt[]} prompts
 * @property {Slices | null} [slices] Of an object that is found slice by slice.
 *
 * How sure the model is of each slice that it looked at.
 * @typedef {object} Slices
 * @property {number} axis
 * @property {number[]} numbers Ascending.
 * @property {number[]} quality Of each, 0 to 1.
 * @property {number[]} prompted
 *
 * A place where the mask may be wrong.
 * @typedef {object} Suggestion
 * @property {Vector3} at
 * @property {boolean} positive What a click there says, if it is.
 * @property {number} doubt How likely it is, 0 to 1.
 *
 * What changes while one works; the answers to prompts carry it.
 * @typedef {object} Progress
 * @property {string} model
 * @property {string} device
 * @property {number} revision
 * @property {boolean} busy
 * @property {number | null} current Label of the object that the next prompt goes to.
 * @property {SegmentedObject[]} objects
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 *
 * What stays as it was opened.
 * @typedef {object} Facts
 * @property {string} id
 * @property {string} name
 * @property {Vector3} shape
 * @property {Vector3} spacing_mm
 * @property {number[][]} affine View index to RAS millimetres, 4 x 4.
 * @property {{shape: Vector3, axes: Vector3, flipped: [boolean, boolean, boolean]}} native
 * @property {{slope: number, intercept: number}} scale Stored number to intensity.
 * @property {{low: number, high: number}} window Intensities.
 * @property {{low: number, high: number}} range Intensities.
 * @property {"CT" | "MR" | null} modality
 *
 * @typedef {Facts & Progress} State
 *
 * @typedef {object} Answer
 * @property {number} revision
 * @property {number} object
 * @property {number} seconds
 * @property {string[]} notes
 * @property {Extent} box
 * @property {boolean} final
 * @property {Progress} state
 *
 * @typedef {{name: string, title: string, prompts: string[], weights: string, licence: string,
 *   default: boolean}} ModelRow
 * @typedef {{id: string, name: string}} SessionRow
 * @typedef {{uid: string, description: string, images: number}} SeriesRow
 *
 * @typedef {"encoding" | "predicting" | "refining" | "replaying" | "suggesting"} Work
 * @typedef {{type: "state", state: Progress}} StateEvent
 * @typedef {{type: "busy", busy: boolean, what?: Work, waiting?: number}} BusyEvent
 * @typedef {{type: "failed", detail: string}} FailedEvent
 * @typedef {StateEvent | BusyEvent | FailedEvent} ServerEvent
 */

export {};
