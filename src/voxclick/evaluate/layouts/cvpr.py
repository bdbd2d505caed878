"""The layout of the CVPR 2025 challenge on interactive 3D segmentation: one `.npz` a case.

The labels (`gts`) lie in the case's own file or, for the validation sets, in a file of the same
name in a parallel folder, often without a spacing. File names begin with the modality, as in
`CT_Abdomen1_12.npz`; it is the case's group. The objects have numbers and no names, and may have
boxes in the file of the image. A file that cannot be opened is a case with a problem.
"""

import zipfile
from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled


def find(folder: Path) -> list[Case]:
    """The cases in the folder and the folders right in it, by path."""
    paths = sorted([*folder.glob("*.npz"), *folder.glob("*/*.npz")])
    broken: dict[Path, str] = {}
    arrays = {path: _arrays(path, broken) for path in paths}
    labels = {path.name: path for path in paths if arrays[path] & {"gts", "imgs"} == {"gts"}}
    images = {path.name for path in paths if "imgs" in arrays[path]}
    spoilt = {path.name: problem for path, problem in broken.items()}
    cases = []
    for path in paths:
        label = path if "gts" in arrays[path] else labels.get(path.name)
        alone = path in broken and path.name not in images
        if "imgs" not in arrays[path] and not alone:
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        modality = path.name.partition("_")[0]
        if alone or (label is None and path.name in spoilt):
            cases.append(Case(name, modality, path, None, problem=spoilt[path.name]))
        elif label is None:
            wanted = path.with_name(f"{path.name}, array gts")
            cases.append(unlabelled(name, path, wanted, modality))
        else:
            placed = not arrays[label].isdisjoint(("spacing", "affine"))
            boxes = path if "boxes" in arrays[path] else None
            cases.append(Case(name, modality, path, label, placed=placed, boxes=boxes))
    return cases


def _arrays(path: Path, broken: dict[Path, str]) -> set[str]:
    """Names of the arrays in a file, without reading them; of none that is broken, but its why."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        reason = f"cannot read {path}: {error}"
        broken[path] = f"an npz file is needed, {reason}; copy or export it again"
        return set()
