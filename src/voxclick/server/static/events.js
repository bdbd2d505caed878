/** The server's events over a WebSocket that comes back by itself. */

import { readUpdate } from "./update.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

/**
 * @typedef {object} Listener
 * @property {(event: import("./contract.js").ServerEvent) => void} event
 * @property {(update: import("./update.js").Update) => void} update
 * @property {(connected: boolean) => void} connected
 */

/**
 * Listens until the page goes away.
 * @param {string} url
 * @param {Listener} listener
 */
export function listen(url, listener) {
  let wait = FIRST_WAIT_MS;

  const connect = () => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      wait = FIRST_WAIT_MS;
      listener.connected(true);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") listener.event(JSON.parse(data));
      else listener.update(readUpdate(data));
    };
    socket.onclose = () => {
      listener.connected(false);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };
  connect();
}
