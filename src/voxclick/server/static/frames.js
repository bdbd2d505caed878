/** Painting at most once a frame. */

/**
 * @param {() => void} paint
 * @returns {() => void} Asks for one painting in the next frame, however often it is called.
 */
export function onceAFrame(paint) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}
