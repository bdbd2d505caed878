/** The server's verbs: one function a request, one error for whatever goes wrong. */

/** @typedef {import("./contract.js").State} State */
/** @typedef {import("./contract.js").Answer} Answer */
/** @typedef {import("./contract.js").SegmentedObject} SegmentedObject */
/** @typedef {import("./contract.js").SeriesRow} SeriesRow */

const ROOT = "api/v1";

/** What went wrong, in a sentence for the user. */
export class Failure extends Error {
  /**
   * @param {number} status 0 where no answer came.
   * @param {string} message
   * @param {SeriesRow[]} series What to choose from, where a folder holds several series.
   */
  constructor(status, message, series = []) {
    super(message);
    this.name = "Failure";
    this.status = status;
    this.series = series;
  }

  /** Whether the session is no more, so that there is nothing to go on with. */
  get gone() {
    return this.status === 404 || this.status === 410;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{json?: unknown, body?: Blob, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>}
 */
export async function request(method, path, options = {}) {
  const { json, body, signal } = options;
  let response;
  try {
    response = await fetch(`${ROOT}${path}`, {
      method,
      body: json === undefined ? body : JSON.stringify(json),
      headers: json === undefined ? {} : { "Content-Type": "application/json" },
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure(0, "The server does not answer. Is voxclick still running?");
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Failure>}
 */
async function failureOf(response) {
  if (response.status === 401) {
    return new Failure(401, "Please open the viewer with the address that voxclick printed.");
  }
  const told = await response.json().catch(() => null);
  const detail = typeof told?.detail === "string" ? told.detail : response.statusText;
  return new Failure(response.status, sentence(detail), told?.series ?? []);
}

/**
 * @param {string} text
 * @returns {string} With a capital and a full stop.
 */
export function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/**
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {unknown} [json]
 * @returns {Promise<T>}
 */
async function ask(method, path, json) {
  return (await request(method, path, { json })).json();
}

/** @returns {Promise<import("./contract.js").ModelRow[]>} */
export const listModels = () => ask("GET", "/models");

/** @returns {Promise<import("./contract.js").SessionRow[]>} */
export const listSessions = () => ask("GET", "/sessions");

/**
 * @param {string} source
 * @param {string | null} series
 * @returns {Promise<State>}
 */
export const openSession = (source, series) =>
  ask("POST", "/sessions", { source, series, model: null });

/**
 * @param {string} name
 * @returns {Promise<{upload: string}>}
 */
export const openUpload = (name) => ask("POST", "/uploads", { name });

/**
 * @param {string} upload
 * @param {string} name
 * @param {File} file
 */
export const sendFile = (upload, name, file) =>
  request("PUT", `/uploads/${upload}/${encodeURIComponent(name)}`, { body: file });

/** One session's verbs. */
export class SessionApi {
  #path;

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.#path = `/sessions/${encodeURIComponent(id)}`;
  }

  /** @returns {Promise<State>} */
  state() {
    return ask("GET", this.#path);
  }

  /** @param {number} step */
  volume(step) {
    return request("GET", `${this.#path}/volume?step=${step}`);
  }

  /** @returns {Promise<ArrayBuffer>} An update of the whole grid. */
  async labels() {
    return (await request("GET", `${this.#path}/labels`)).arrayBuffer();
  }

  /**
   * @param {import("./contract.js").DrawnPrompt} prompt
   * @param {number | null} object
   * @returns {Promise<Answer>}
   */
  prompt(prompt, object) {
    const to = object === null ? {} : { object };
    return ask("POST", `${this.#path}/prompts`, { ...prompt, ...to, space: "view" });
  }

  /**
   * @param {number} object
   * @param {number} place
   * @returns {Promise<Answer>}
   */
  removePrompt(object, place) {
    return ask("DELETE", `${this.#path}/objects/${object}/prompts/${place}`);
  }

  /**
   * @param {"undo" | "redo"} way
   * @param {number | null} object
   * @returns {Promise<Answer>}
   */
  step(way, object) {
    return ask("POST", `${this.#path}/${way}`, { object });
  }

  /**
   * @param {number} object
   * @param {import("./contract.js").Vector3[]} seen
   * @returns {Promise<import("./contract.js").Suggestion | null>} Null where no place is left.
   */
  suggest(object, seen) {
    const query = new URLSearchParams([["space", "view"], ...seen.map((at) => ["seen", at.join()])]);
    return ask("GET", `${this.#path}/objects/${object}/suggestion?${query}`);
  }

  cancel() {
    return request("POST", `${this.#path}/cancel`);
  }

  /** @returns {Promise<SegmentedObject>} */
  addObject() {
    return ask("POST", `${this.#path}/objects`, { name: null });
  }

  /**
   * @param {number} object
   * @param {{name?: string, colour?: string, locked?: boolean, visible?: boolean, current?: true}} change
   * @returns {Promise<SegmentedObject>}
   */
  changeObject(object, change) {
    return ask("PATCH", `${this.#path}/objects/${object}`, change);
  }

  /**
   * @param {number} object
   * @returns {Promise<Answer>}
   */
  dropObject(object) {
    return ask("DELETE", `${this.#path}/objects/${object}`);
  }

  /**
   * @param {string} name
   * @returns {Promise<State>}
   */
  setModel(name) {
    return ask("PUT", `${this.#path}/model`, { name });
  }

  /**
   * @param {string} format
   * @param {number | null} object One object alone, or all.
   */
  export(format, object) {
    const one = object === null ? "" : `&object=${object}`;
    return request("GET", `${this.#path}/export?format=${encodeURIComponent(format)}${one}`);
  }

  /** @returns {string} */
  get eventsUrl() {
    const url = new URL(`${ROOT}${this.#path}/events`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    return url.href;
  }
}
