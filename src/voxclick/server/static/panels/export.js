/** The export sheet: masks and prompt log as files. */

import { byId, make } from "../dom.js";

const FORMATS = [
  { format: "nii.gz", title: "NIfTI (.nii.gz)", one: true },
  { format: "seg.nrrd", title: "NRRD segmentation (.seg.nrrd)", one: true },
  { format: "nrrd", title: "NRRD (.nrrd)", one: true },
  { format: "mha", title: "MetaImage (.mha)", one: true },
  { format: "seg.dcm", title: "DICOM-SEG (.dcm)", one: true },
  { format: "json", title: "Prompt log (.json)", one: false },
];

/**
 * @param {import("../scene.js").Scene} scene
 * @param {import("../session.js").Session} session
 */
export function fillExport(scene, session) {
  const sheet = byId("export-sheet", HTMLDialogElement);
  const what = byId("export-object", HTMLSelectElement);
  byId("export", HTMLButtonElement).addEventListener("click", () => {
    what.replaceChildren(
      make("option", { value: "" }, "All objects"),
      ...scene.progress.value.objects.map(({ label, name }) =>
        make("option", { value: label }, name),
      ),
    );
    sheet.showModal();
  });
  byId("export-formats", HTMLElement).replaceChildren(
    ...FORMATS.map(({ format, title, one }) => {
      const button = make("button", { type: "button", "data-format": format }, title);
      button.addEventListener("click", async () => {
        sheet.close();
        const object = one && what.value ? Number(what.value) : null;
        const response = await session.export(format, object);
        if (response) await save(response, `${scene.facts.name}.${format}`);
      });
      return button;
    }),
  );
}

/**
 * Hands a file to the user, under the server's name for it.
 * @param {Response} response
 * @param {string} otherwise
 */
async function save(response, otherwise) {
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const name = /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? otherwise;
  const url = URL.createObjectURL(await response.blob());
  make("a", { href: url, download: name }).click();
  // the browser reads it after this turn
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
