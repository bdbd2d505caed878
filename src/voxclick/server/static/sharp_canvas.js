/** A canvas with as many pixels as the screen shows of it. */

/**
 * Keeps the canvas's pixels those of the screen, and tells after each change.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} changed
 */
export function keepSharp(canvas, changed) {
  new ResizeObserver(([entry]) => {
    const exact = entry.devicePixelContentBoxSize?.[0];
    const width = exact?.inlineSize ?? Math.round(canvas.clientWidth * devicePixelRatio);
    const height = exact?.blockSize ?? Math.round(canvas.clientHeight * devicePixelRatio);
    if (width === canvas.width && height === canvas.height) return;
    canvas.width = width;
    canvas.height = height;
    changed();
  }).observe(canvas);
}
