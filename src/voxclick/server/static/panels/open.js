/** The sheet on which a volume is chosen: files and folders dropped or picked, or the sample. */

import { Failure, listSessions, openSession, openUpload, sendFile } from "../api.js";
import { byId, make } from "../dom.js";

/** @typedef {{name: string, file: File}} Picked */

/**
 * @param {import("../activity.js").Activity} activity
 * @param {(session: string) => void} opened
 */
export function fillOpen(activity, opened) {
  const sheet = byId("open-sheet", HTMLDialogElement);
  const busy = byId("open-progress", HTMLElement);
  const series = byId("series", HTMLElement);

  /**
   * @param {string} source
   * @param {string | null} uid
   */
  const start = async (source, uid = null) => {
    busy.textContent = "Opening the volume …";
    try {
      opened((await openSession(source, uid)).id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!error.series.length) throw error;
      busy.textContent = error.message;
      series.replaceChildren(
        ...error.series.map((row) => {
          const text = `${row.description || row.uid} (${row.images} images)`;
          const button = make("button", { type: "button" }, text);
          button.addEventListener("click", () => void guarded(start(source, row.uid)));
          return button;
        }),
      );
    }
  };

  /** @param {Picked[]} picked */
  const upload = async (picked) => {
    if (!picked.length) return;
    const { upload: id } = await openUpload(picked[0].name);
    for (const [place, { name, file }] of picked.entries()) {
      busy.textContent = `Sending ${place + 1} of ${picked.length}: ${name}`;
      await sendFile(id, name, file);
    }
    await start(`upload:${id}`);
  };

  /** @param {Promise<void>} work */
  const guarded = async (work) => {
    series.replaceChildren();
    if ((await activity.during(work.then(() => true))) === null) {
      busy.textContent = activity.failure.value ?? "";
    }
  };

  byId("open", HTMLButtonElement).addEventListener("click", () => void show(sheet, opened));
  byId("open-sample", HTMLButtonElement).addEventListener("click", () => void guarded(start("sample")));
  for (const id of ["pick-files", "pick-folder"]) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => void guarded(upload(pickedFrom(input.files))));
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.documentElement.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.documentElement.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.documentElement.classList.remove("dropping");
    if (!sheet.open) sheet.showModal();
    if (event.dataTransfer) void guarded(droppedFrom(event.dataTransfer).then(upload));
  });
  return () => show(sheet, opened);
}

/**
 * @param {HTMLDialogElement} sheet
 * @param {(session: string) => void} opened
 */
async function show(sheet, opened) {
  if (!sheet.open) sheet.showModal();
  const list = byId("sessions", HTMLElement);
  const rows = await listSessions().catch(() => []);
  byId("sessions-part", HTMLElement).hidden = rows.length === 0;
  list.replaceChildren(
    ...rows.map(({ id, name }) => {
      const button = make("button", { type: "button", "data-session": id }, name);
      button.addEventListener("click", () => opened(id));
      return button;
    }),
  );
}

/**
 * @param {FileList | null} files
 * @returns {Picked[]}
 */
function pickedFrom(files) {
  return [...(files ?? [])].map((file) => ({ name: flat(file.webkitRelativePath || file.name), file }));
}

/**
 * Every file that was dropped, also out of folders.
 * @param {DataTransfer} data
 * @returns {Promise<Picked[]>}
 */
async function droppedFrom(data) {
  // items are there only until the first await; one that lies in no folder may have no entry
  const found = [...data.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const picked = await Promise.all(
    found.map((one) => {
      if (one instanceof File) return [{ name: one.name, file: one }];
      return one ? filesIn(one) : [];
    }),
  );
  return picked.flat();
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Picked[]>}
 */
async function filesIn(entry) {
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise((/** @type {(file: File) => void} */ done, failed) =>
      entry.file(done, failed),
    );
    return [{ name: flat(entry.fullPath), file }];
  }
  if (!(entry instanceof FileSystemDirectoryEntry)) return [];
  const reader = entry.createReader();
  /** @type {Picked[]} */
  const picked = [];
  for (;;) {
    // a reader gives at most a hundred at a time
    const some = await new Promise((/** @type {(some: FileSystemEntry[]) => void} */ done, failed) =>
      reader.readEntries(done, failed),
    );
    if (!some.length) return picked;
    for (const one of some) picked.push(...(await filesIn(one)));
  }
}

/**
 * @param {string} path
 * @returns {string} One name, for a folder that has no folders.
 */
function flat(path) {
  return path.replace(/^\/+/, "").replaceAll("/", "_");
}
