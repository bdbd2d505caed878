/** Prompts and the crosshair, drawn over a slice. */

/** @typedef {import("./contract.js").Prompt} Prompt */
/** @typedef {import("./contract.js").Vector3} Vector3 */
/** @typedef {import("./plane.js").Placement} Placement */
/** @typedef {"given" | "sent" | "selected"} Standing */

const POSITIVE = "#5ee08a";
const NEGATIVE = "#ff7a70";
const HALO = "rgba(0, 0, 0, 0.75)";
const CROSSHAIR = "rgba(120, 190, 255, 0.75)";
const RADIUS = 5;

/**
 * Draws what a prompt says about this slice.
 * @param {CanvasRenderingContext2D} context In CSS pixels.
 * @param {Placement} placement
 * @param {number} slice
 * @param {Prompt} prompt
 * @param {Standing} standing
 */
export function drawPrompt(context, placement, slice, prompt, standing) {
  context.save();
  context.globalAlpha = standing === "sent" ? 0.7 : 1;
  const colour = prompt.positive === false ? NEGATIVE : POSITIVE;
  const width = standing === "selected" ? 3 : 1.5;
  const { axis } = placement.plane;
  if (prompt.kind === "point") {
    if (Math.floor(prompt.at[axis] + 0.5) === slice) {
      drawPoint(context, placement.pixelOf(prompt.at), prompt.positive, colour, standing);
    }
  } else if (prompt.kind === "box") {
    if (prompt.start[axis] <= slice && slice < prompt.stop[axis]) {
      outline(context, boxPath(placement, prompt.start, prompt.stop), colour, width);
    }
  } else if (prompt.kind === "scribble") {
    outline(context, scribblePath(placement, slice, prompt.points), colour, width + 1);
  } else if (prompt.kind === "lasso") {
    if (prompt.axis === axis && Math.floor(prompt.vertices[0][axis] + 0.5) === slice) {
      outline(context, lassoPath(placement, prompt.vertices), colour, width);
    }
  }
  context.restore();
}

/**
 * Draws the crosshair, open in the middle so that what it points at can be seen.
 * @param {CanvasRenderingContext2D} context In CSS pixels.
 * @param {Placement} placement
 * @param {Vector3} at
 */
export function drawCrosshair(context, placement, at) {
  const [x, y] = placement.pixelOf(at);
  const [width, height] = placement.size;
  const gap = 9;
  const path = new Path2D();
  for (const [x0, y0, x1, y1] of [
    [0, y, x - gap, y],
    [x + gap, y, width, y],
    [x, 0, x, y - gap],
    [x, y + gap, x, height],
  ]) {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  }
  context.strokeStyle = CROSSHAIR;
  context.lineWidth = 1;
  context.stroke(path);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} at
 * @param {boolean} positive
 * @param {string} colour
 * @param {Standing} standing
 */
function drawPoint(context, [x, y], positive, colour, standing) {
  const ring = new Path2D();
  ring.arc(x, y, standing === "selected" ? RADIUS + 2 : RADIUS, 0, 2 * Math.PI);
  context.fillStyle = HALO;
  context.fill(ring);
  outline(context, ring, colour, standing === "selected" ? 2.5 : 1.5);
  const sign = new Path2D();
  sign.moveTo(x - 2.5, y);
  sign.lineTo(x + 2.5, y);
  if (positive) {
    sign.moveTo(x, y - 2.5);
    sign.lineTo(x, y + 2.5);
  }
  context.stroke(sign);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {string} colour
 * @param {number} width
 */
function outline(context, path, colour, width) {
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = HALO;
  context.lineWidth = width + 2;
  context.stroke(path);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(path);
}

/**
 * @param {Placement} placement
 * @param {Vector3} start
 * @param {Vector3} stop
 */
function boxPath(placement, start, stop) {
  const { across, down } = placement.plane;
  // the faces of voxels, not their centres
  const [x0, y0] = placement.pixel(start[across] - 0.5, start[down] - 0.5);
  const [x1, y1] = placement.pixel(stop[across] - 0.5, stop[down] - 0.5);
  const path = new Path2D();
  path.rect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
  return path;
}

/**
 * @param {Placement} placement
 * @param {number} slice
 * @param {Vector3[]} points
 */
function scribblePath(placement, slice, points) {
  const { axis } = placement.plane;
  const path = new Path2D();
  /** @type {Vector3 | null} */
  let last = null;
  for (const point of points) {
    if (Math.floor(point[axis] + 0.5) !== slice) continue;
    const [x, y] = placement.pixelOf(point);
    const joined = last?.every((value, n) => Math.abs(value - point[n]) < 1.5);
    if (joined) path.lineTo(x, y);
    else {
      path.moveTo(x, y);
      path.lineTo(x, y);
    }
    last = point;
  }
  return path;
}

/**
 * @param {Placement} placement
 * @param {Vector3[]} vertices
 */
function lassoPath(placement, vertices) {
  const path = new Path2D();
  for (const vertex of vertices) path.lineTo(...placement.pixelOf(vertex));
  path.closePath();
  return path;
}
