"""A plain folder: images in one folder and labels of the same names in another, or side by side.

The folders are called as in `FOLDERS`; `<case>_0000.nii.gz` is the first channel of `<case>`, as
nnU-Net writes it. Side by side, `<case>_seg.nii.gz` (or another of `ENDINGS`) belongs to
`<case>.nii.gz`. `labels.json` in the folder names the labels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled
from voxclick.evaluate.layouts.folders import SUFFIXES, read_names

FOLDERS = (
    ("imagesTr", "labelsTr"),
    ("images", "labels"),
    ("images", "masks"),
    ("image", "label"),
    ("img", "label"),
)
ENDINGS = ("_seg", "_label", "_labels", "_mask", "_gt", "-seg", "-label", "-mask")


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name.

    Raises:
        FileFormatError: If `labels.json` is broken.
    """
    names = read_names(folder / "labels.json")
    for images, labels in FOLDERS:
        found = list(pairs(folder / images, folder / labels))
        if found:
            return [replace(case, names=names) for case in found]
    return [replace(case, names=names) for case in _side_by_side(folder)]


def pairs(images: Path, labels: Path) -> Iterator[Case]:
    """Images with the labels of their names; one without a label has a problem.

    None at all unless both are folders.
    """
    if not images.is_dir() or not labels.is_dir():
        return
    held = {stem(path): path for path in volumes(labels)}
    found = {stem(path): path for path in volumes(images)}
    for name, image in found.items():
        if name not in held and name[-5:] != "_0000" and f"{name[:-5]}_0000" in found:
            continue  # another channel
        short = name.removesuffix("_0000")
        label = held.get(name) or held.get(short)
        if label is None:
            yield unlabelled(short, image, labels / f"{short}{stem_suffix(image)}")
        else:
            yield Case(short, "", image, label)


def volumes(folder: Path) -> Sequence[Path]:
    """The files of a folder that are named as volumes, by name; hidden ones left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and stem_suffix(path) and not path.name.startswith(".")
    )


def stem_suffix(path: Path) -> str:
    """The ending of a volume's file; empty for any other file."""
    return max((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), key=len, default="")


def stem(path: Path) -> str:
    """A volume's name without that ending."""
    return path.name.removesuffix(stem_suffix(path))


def _side_by_side(folder: Path) -> Iterator[Case]:
    found = {stem(path): path for path in volumes(folder)}
    for name, image in found.items():
        if name.endswith(ENDINGS):
            continue
        label = next((found[name + end] for end in ENDINGS if name + end in found), None)
        if label is not None:
            yield Case(name, "", image, label)
        elif any(other.endswith(ENDINGS) for other in found):
            yield unlabelled(name, image, folder / f"{name}{ENDINGS[0]}{stem_suffix(image)}")
