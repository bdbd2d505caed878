/** The viewer: opens the session that the address names, or asks for a volume. */

import { Activity } from "./activity.js";
import { Failure, listSessions, SessionApi } from "./api.js";
import { byId } from "./dom.js";
import { Drawing } from "./drawing.js";
import { bindPage, bindPane, pageBindings, paneBindings, promptAt } from "./keys.js";
import { Lookout } from "./lookout.js";
import { fillBar, fillTheme } from "./panels/bar.js";
import { fillDisplay } from "./panels/display.js";
import { fillExport } from "./panels/export.js";
import { fillHelp, MOUSE } from "./panels/help.js";
import { fillObjects } from "./panels/objects.js";
import { fillOpen } from "./panels/open.js";
import { fillPrompts } from "./panels/prompts.js";
import { fillStatus, showActivity } from "./panels/status.js";
import { fillToolbar } from "./panels/toolbar.js";
import { PLANES } from "./plane.js";
import { Pointer } from "./pointer.js";
import { keptPreferences } from "./preferences.js";
import { Scene } from "./scene.js";
import { Session } from "./session.js";
import { SlicePane } from "./slice_pane.js";
import { VolumePane } from "./volume_pane.js";

const preferences = keptPreferences();
fillTheme(preferences);
for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog")?.close());
}
addEventListener("hashchange", () => location.reload());

const waiting = new Activity();
const ask = fillOpen(waiting, (id) => {
  if (location.hash === `#${id}`) location.reload();
  else location.hash = id;
});
void start();

/** Goes on with the session in the address, or with the only one that there is. */
async function start() {
  try {
    const id = location.hash.slice(1) || (await onlySession());
    if (id) {
      const api = new SessionApi(id);
      show(api, new Scene(await api.state(), preferences));
      history.replaceState(null, "", `#${id}`);
      return;
    }
    showActivity(waiting);
    waiting.dismiss();
  } catch (error) {
    showActivity(waiting);
    waiting.failed(error);
    if (!(error instanceof Failure && error.gone)) return;
    history.replaceState(null, "", location.pathname);
  }
  await ask();
}

/** @returns {Promise<string | null>} */
async function onlySession() {
  const rows = await listSessions();
  return rows.length === 1 ? rows[0].id : null;
}

/**
 * @param {SessionApi} api
 * @param {Scene} scene
 */
function show(api, scene) {
  const session = new Session(api, scene);
  const drawing = new Drawing(scene, (prompt) => void session.prompt(prompt));
  fillStatus(scene, session.activity);
  fillBar(scene, session);
  fillToolbar(scene, drawing);
  fillObjects(scene, session);
  fillPrompts(scene, session);
  fillDisplay(scene);
  fillExport(scene, session);
  document.documentElement.classList.add("open");

  const remove = () => {
    const object = scene.current;
    const place = promptAt(object?.prompts ?? [], scene.crosshair.value);
    const where = scene.selected.value ?? (object && place >= 0 && { object: object.label, place });
    if (where) void session.removePrompt(where);
    else session.activity.note.value = "No prompt is selected, and none lies at the crosshair.";
  };
  const paneKeys = PLANES.map((plane) => {
    const pane = new SlicePane(byId(plane.name, HTMLElement), plane, scene);
    const bindings = paneBindings(pane, scene, drawing, remove);
    new Pointer(pane, scene, drawing);
    bindPane(pane, bindings);
    return bindings;
  });
  new VolumePane(byId("volume", HTMLElement), scene);

  const maximise = maximiser(byId("panes", HTMLElement));
  const helpSheet = byId("help-sheet", HTMLDialogElement);
  const help = () => helpSheet.showModal();
  const lookout = new Lookout(scene, session);
  const suggest = () => {
    drawing.drop();
    void lookout.next();
  };
  const pageKeys = pageBindings(scene, drawing, session, { help, maximise, suggest });
  bindPage(pageKeys);
  byId("suggest", HTMLButtonElement).addEventListener("click", suggest);
  byId("help", HTMLButtonElement).addEventListener("click", help);
  byId("maximise", HTMLButtonElement).addEventListener("click", maximise);
  fillHelp([
    { title: "Mouse, pen and fingers", bindings: MOUSE },
    { title: "On a slice that has the focus", bindings: paneKeys[0] },
    { title: "Everywhere", bindings: pageKeys },
  ]);
  void session.start();
}

/**
 * @param {HTMLElement} panes
 * @returns {() => void} Gives the pane that last had the focus all the room, or all theirs back.
 */
function maximiser(panes) {
  /** @type {Element | null} */
  let last = panes.firstElementChild;
  panes.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element) last = target.closest(".pane");
  });
  return () => {
    const one = panes.classList.toggle("one");
    for (const pane of panes.children) pane.classList.toggle("alone", one && pane === last);
  };
}
