"""The layout of the CVPR 2025 challenge on interactive 3D segmentation: one `.npz` a case.

The labels (`gts`) lie in the case's own file or, for the validation sets, in a file of the same
name in a parallel folder, often without a spacing. File names begin with the modality, as in
`CT_Abdomen1_12.npz`; it is the case's group. The objects have numbers and no names, and may have
boxes in the file of the image.
"""

import zipfile
from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled


def find(folder: Path) -> list[Case]:
    """The cases in the folder and the folders right in it, by path."""
    paths = sorted([*folder.glob("*.npz"), *folder.glob("*/*.npz")])
    arrays = {path: _arrays(path) for path in paths}
    labels = {path.name: path for path in paths if arrays[path] & {"gts", "imgs"} == {"gts"}}
    cases = []
    for path in paths:
        label = path if "gts" in arrays[path] else labels.get(path.name)
        if "imgs" not in arrays[path]:
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        modality = path.name.partition("_")[0]
        if label is None:
            wanted = path.with_name(f"{path.name}, array gts")
            cases.append(unlabelled(name, path, wanted, modality))
        else:
            placed = not arrays[label].isdisjoint(("spacing", "affine"))
            boxes = path if "boxes" in arrays[path] else None
            cases.append(Case(name, modality, path, label, placed=placed, boxes=boxes))
    return cases


def _arrays(path: Path) -> set[str]:
    """Names of the arrays in a file, without reading them; none for a file that is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return set()
