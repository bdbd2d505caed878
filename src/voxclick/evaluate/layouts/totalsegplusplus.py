"""The layout of TotalSeg++ (CT-SAM3D): `images` and `masks` with lists of the splits as CSV.

The data set's own description of its files was not to be had. Taken here: a mask is a label map
of the same name as its image; 1 to 104 are TotalSegmentator v1's numbers, and the three more
structures follow in the order of `structures.STRUCTURES`, unless `labels.json` says otherwise. A
line of a list names a case in any column, by its file or by its name. A case of a list is called
`<list>/<case>`, so that training can include one list and leave out another. Without a list, the
folder is a plain one, whose label numbers mean what they like.
"""

import csv
from dataclasses import replace
from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.evaluate.case import Case
from voxclick.evaluate.layouts.folders import read_names
from voxclick.evaluate.layouts.paired import pairs, stem, stem_suffix
from voxclick.evaluate.structures import STRUCTURES

LISTS = ("trainset", "validset", "testset")
NAMES = dict(enumerate((s.name for s in STRUCTURES if s.since in ("v1", "plus")), start=1))


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name, each in the group of its list; those in no list last.

    Raises:
        FileFormatError: If a list or `labels.json` cannot be read.
    """
    lists = {name: folder / f"{name}.csv" for name in LISTS if (folder / f"{name}.csv").is_file()}
    if not lists:
        return []
    names = read_names(folder / "labels.json") or NAMES
    found = {case.name: case for case in pairs(folder / "images", folder / "masks")}
    cases: dict[str, Case] = {}
    for split, path in lists.items():
        for name in _listed(path, found):
            case = found.get(name) or _missing(name, folder / "images", path)
            cases[name] = replace(case, name=f"{split}/{name}", group=split, names=names)
    rest = {name: replace(case, names=names) for name, case in found.items() if name not in cases}
    return [*cases.values(), *rest.values()]


def _missing(name: str, images: Path, listed: Path) -> Case:
    problem = (
        f"a case of {listed.name} needs its image, got nothing at {images / name}.nii.gz; add it, "
        "or take it off the list"
    )
    return Case(name, "", images / f"{name}.nii.gz", None, problem=problem)


def _listed(path: Path, known: dict[str, Case]) -> list[str]:
    """The cases of a list; a line that names a file and no case that is there is one, too."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileFormatError(
            f"a list of cases must be a CSV file, cannot read {path}: {error}"
        ) from None
    named: list[str] = []
    for row in rows:
        files = [Path(cell.replace("\\", "/")) for cell in row if cell]
        names = [stem(file).removesuffix("_0000") for file in files]
        here = [name for name in names if name in known]
        gone = [name for name, file in zip(names, files, strict=True) if stem_suffix(file)]
        named.extend((here or gone)[:1])
    return list(dict.fromkeys(named))
