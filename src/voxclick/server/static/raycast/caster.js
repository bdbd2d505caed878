/** Casts rays through the reduced grid with WebGL 2, a few rows of the picture at a time. */

import { CAST, RECTANGLE, SHOW } from "./shaders.js";

/** @typedef {import("../contract.js").Vector3} Vector3 */

/** Bytes a cell of the three textures: image, labels, and whether there is a visible label. */
const TEXTURES = /** @type {const} */ (["image", "labels", "occupied"]);
const COLOURS = TEXTURES.length; // texture unit
const PICTURE = COLOURS + 1;

/** @typedef {typeof TEXTURES[number]} TextureName */

export class Caster {
  /** @type {WebGL2RenderingContext} */
  #gl;
  #cells;
  #size;
  #cast;
  #show;
  /** @type {Map<TextureName, WebGLTexture>} */
  #textures = new Map();
  #picture;
  #frame;
  /** @type {[number, number]} */
  #pixels = [0, 0];

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Vector3} cells
   * @param {Vector3} size Of the volume in units of its longest side.
   */
  constructor(gl, cells, size) {
    this.#gl = gl;
    this.#cells = cells;
    this.#size = size;
    this.#cast = program(gl, RECTANGLE, CAST);
    this.#show = program(gl, RECTANGLE, SHOW);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    TEXTURES.forEach((name, unit) => {
      // between labels there is no middle
      const filter = name === "labels" ? gl.NEAREST : gl.LINEAR;
      const texture = this.#texture(gl.TEXTURE_3D, unit, filter);
      gl.texStorage3D(gl.TEXTURE_3D, 1, gl.R8, ...cells);
      this.#textures.set(name, texture);
    });
    this.#texture(gl.TEXTURE_2D, COLOURS, gl.NEAREST);
    this.#picture = this.#texture(gl.TEXTURE_2D, PICTURE, gl.LINEAR);
    this.#frame = gl.createFramebuffer();
  }

  /**
   * @param {TextureName} name
   * @param {number} layer
   * @param {Uint8Array} bytes
   */
  setLayer(name, layer, bytes) {
    const gl = this.#gl;
    const [width, height] = this.#cells;
    gl.activeTexture(gl.TEXTURE0 + TEXTURES.indexOf(name));
    gl.texSubImage3D(
      gl.TEXTURE_3D, 0, 0, 0, layer, width, height, 1, gl.RED, gl.UNSIGNED_BYTE, bytes,
    );
  }

  /** @param {Uint8Array} bytes RGBA of 256 labels. */
  setColours(bytes) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + COLOURS);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  }

  /**
   * Begins a picture, of which `rows` draws parts.
   * @param {number} width Pixels.
   * @param {number} height
   * @param {number[]} turn From the screen to the volume, 3 x 3, column after column.
   * @param {[number, number]} extent Of the screen in units of the volume's longest side.
   * @param {number} stride In the same units.
   */
  begin(width, height, turn, extent, stride) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + PICTURE);
    if (width !== this.#pixels[0] || height !== this.#pixels[1]) {
      gl.texImage2D(
        gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null,
      );
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
      gl.framebufferTexture2D(
        gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#picture, 0,
      );
      this.#pixels = [width, height];
    }
    const at = (/** @type {string} */ name) => gl.getUniformLocation(this.#cast, name);
    gl.useProgram(this.#cast);
    TEXTURES.forEach((name, unit) => gl.uniform1i(at(name), unit));
    gl.uniform1i(at("colours"), COLOURS);
    gl.uniform3f(at("size"), ...this.#size);
    gl.uniform3f(at("cells"), ...this.#cells);
    gl.uniformMatrix3fv(at("turn"), false, turn);
    gl.uniform2f(at("extent"), ...extent);
    gl.uniform1f(at("stride"), stride);
  }

  /**
   * Draws some rows of the picture, and waits for them.
   * @param {number} from
   * @param {number} count
   */
  rows(from, count) {
    const gl = this.#gl;
    const [width, height] = this.#pixels;
    // no shader may write a picture that a unit still offers for reading
    gl.activeTexture(gl.TEXTURE0 + PICTURE);
    gl.bindTexture(gl.TEXTURE_2D, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    gl.viewport(0, 0, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, from, width, count);
    gl.useProgram(this.#cast);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
    gl.readPixels(0, from, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    gl.bindTexture(gl.TEXTURE_2D, this.#picture);
  }

  /** Puts the picture on the canvas. */
  present() {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.useProgram(this.#show);
    gl.uniform1i(gl.getUniformLocation(this.#show, "picture"), PICTURE);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /**
   * @param {number} target
   * @param {number} unit
   * @param {number} filter
   */
  #texture(target, unit, filter) {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(target, texture);
    gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, filter);
    for (const edge of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) {
      gl.texParameteri(target, edge, gl.CLAMP_TO_EDGE);
    }
    return texture;
  }
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 * @returns {WebGLProgram}
 */
function program(gl, vertex, fragment) {
  const linked = gl.createProgram();
  for (const [kind, source] of /** @type {const} */ ([
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ])) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL gave no shader.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(linked, shader);
  }
  gl.linkProgram(linked);
  if (!gl.getProgramParameter(linked, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(linked) ?? "WebGL could not link a program.");
  }
  return linked;
}
