"""The layout of the liver tumour challenge LiTS: numbered volumes and segmentations."""

from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled

NAMES = {1: "liver", 2: "tumour"}


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by number."""
    cases = []
    for image in folder.glob("volume-*.nii*"):
        label = image.with_name(image.name.replace("volume-", "segmentation-", 1))
        number = image.name.removeprefix("volume-").partition(".nii")[0]
        if not number.isdigit():
            continue
        name = f"volume-{number}"
        case = Case(name, "", image, label, NAMES)
        cases.append((int(number), case if label.is_file() else unlabelled(name, image, label)))
    return [case for _, case in sorted(cases, key=lambda pair: pair[0])]
