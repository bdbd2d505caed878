/** A canvas with as many pixels as the screen shows of it. */

const EXACT = "devicePixelContentBoxSize" in ResizeObserverEntry.prototype;

/**
 * Keeps the canvas's pixels those of the screen, and tells after each change.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} changed
 */
export function keepSharp(canvas, changed) {
  new ResizeObserver(([entry]) => {
    const exact = entry.devicePixelContentBoxSize?.[0];
    const width = pixels(exact?.inlineSize, entry.contentRect.width);
    const height = pixels(exact?.blockSize, entry.contentRect.height);
    if (width === canvas.width && height === canvas.height) return;
    canvas.width = width;
    canvas.height = height;
    changed();
  }).observe(canvas, { box: EXACT ? "device-pixel-content-box" : "content-box" });
}

/**
 * @param {number | undefined} exact What the browser says; wrong where it emulates another screen.
 * @param {number} size CSS pixels.
 */
function pixels(exact, size) {
  const rounded = Math.round(size * devicePixelRatio);
  return exact !== undefined && Math.abs(exact - rounded) <= 1 ? exact : rounded;
}
