"""The layout of TotalSeg++ (arXiv 2403.15063): images, label maps, and lists that split the cases.

The published configuration names the folders `images` and `masks` and CSV lists of the training,
validation and test cases; how the files lie in them was not to be found. Read here: an image and a
label map of one name, and lists whose rows hold a case's name, or a path that ends in it. A case of
a list is called `<list>/<case>`, so that training can include one list and leave out another.

Which number stands for which structure was not to be found either. A `labels.json` (number to
name) beside the folders says it; without one, the numbers are taken for TotalSegmentator v1's, and
105 to 107 for the three structures that TotalSeg++ adds.
"""

import csv
import json
from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.evaluate.case import Case
from voxclick.evaluate.structures import STRUCTURES

ENDINGS = (".nii.gz", ".nii", ".mha", ".mhd", ".nrrd")


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by list and name.

    Raises:
        FileFormatError: If `labels.json` is there and broken.
    """
    images, masks = (_files(folder / name) for name in ("images", "masks"))
    paired = sorted(images.keys() & masks.keys())
    if not paired:
        return []
    names, lists = _names(folder), _lists(folder)
    cases = []
    for name in paired:
        group = lists.get(name, "")
        told = f"{group}/{name}" if group else name
        cases.append(Case(told, group, images[name], masks[name], names))
    return sorted(cases, key=lambda case: case.name)


def _files(folder: Path) -> dict[str, Path]:
    """Image files by the name of their case."""
    if not folder.is_dir():
        return {}
    return {_stem(path.name): path for path in folder.iterdir() if path.name.endswith(ENDINGS)}


def _stem(name: str) -> str:
    ending = next((each for each in ENDINGS if name.endswith(each)), "")
    return name.removesuffix(ending)


def _names(folder: Path) -> dict[int, str]:
    path = folder / "labels.json"
    if not path.is_file():
        known = [each for each in STRUCTURES if each.since in ("v1", "plus")]
        return {number: each.name for number, each in enumerate(known, start=1)}
    try:
        return {int(number): str(name) for number, name in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise FileFormatError(
            f"{path} must map label numbers to names, got {error}; correct it or remove it"
        ) from None


def _lists(folder: Path) -> dict[str, str]:
    """The list that each case stands in, by the name of the case."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8", errors="replace") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    found.setdefault(_stem(Path(cell.strip()).name), path.stem)
    return found
