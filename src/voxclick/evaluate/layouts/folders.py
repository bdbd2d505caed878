"""voxclick's own layout: a folder a case with `image.*`, `label.*` and `labels.json`, nested.

`segmentation.*` stands for `label.*`, as in the folders that 3DSAM-adapter is trained on.
"""

import json
import logging
import os
from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.evaluate.case import Case, unlabelled

logger = logging.getLogger(__name__)

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".nhdr", ".mha", ".mhd")


def find(folder: Path) -> list[Case]:
    """The cases in and below a folder, by path; each is named by its path below it.

    A case's group is the name of the folder that holds it. A folder with an image and no label, or
    with names that cannot be read, is a case with a problem.
    """
    cases: list[Case] = []
    seen: set[Path] = set()
    for place, below, _ in os.walk(folder, followlinks=True):
        here = Path(place)
        if here.resolve() in seen:  # a link that leads back up
            below.clear()
            continue
        seen.add(here.resolve())
        below.sort()
        image, label = only_file(here, "image"), only_file(here, "label")
        label = label or only_file(here, "segmentation")
        if image is None:
            logger.debug("skipped %s: it holds no image.*", here)
            continue
        below.clear()
        inside = here.relative_to(folder).as_posix()
        name = here.resolve().name if inside == "." else inside
        group = name.rpartition("/")[0]
        if label is None:
            cases.append(unlabelled(name, image, here / "label.nii.gz", group))
            continue
        try:
            cases.append(Case(name, group, image, label, read_names(here / "labels.json")))
        except FileFormatError as error:
            cases.append(Case(name, group, image, label, problem=str(error)))
    return cases


def only_file(folder: Path, stem: str) -> Path | None:
    """The file of that name with the suffix of a volume format, if there is one."""
    for suffix in SUFFIXES:
        if (path := folder / f"{stem}{suffix}").is_file():
            return path
    return None


def read_names(path: Path) -> dict[int, str]:
    """Names by label number from `labels.json`; none without the file.

    Raises:
        FileFormatError: If it is not a JSON object from numbers to names.
    """
    if not path.is_file():
        return {}
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return {int(label): str(name) for label, name in fields.items()}
    except (OSError, UnicodeDecodeError, ValueError, AttributeError) as error:
        raise FileFormatError(
            f'labels.json must map label numbers to names, as in {{"1": "liver"}}; '
            f"cannot read {path}: {error}; mend it, or take it away"
        ) from None
