/** From where one looks at the volume. */

export class Orbit {
  /** Radians round the patient's long axis; 0 looks from the front. */
  around = 1;
  /** Radians above the horizon. */
  above = 0.25;
  zoom = 1;

  /**
   * @param {number} x CSS pixels to the right.
   * @param {number} y CSS pixels down.
   */
  turn(x, y) {
    this.around -= x / 120;
    this.above = Math.min(Math.max(this.above + y / 120, -1.5), 1.5);
  }

  /** @param {number} factor */
  near(factor) {
    this.zoom = Math.min(Math.max(this.zoom * factor, 0.5), 10);
  }

  /** From screen axes (right, up, to the eye) to the patient's, column after column. */
  get matrix() {
    const [s, c] = [Math.sin(this.around), Math.cos(this.around)];
    const [u, v] = [Math.sin(this.above), Math.cos(this.above)];
    const eye = [s * v, c * v, u];
    const right = [-c, s, 0];
    const up = [-s * u, -c * u, v];
    return [...right, ...up, ...eye];
  }
}
