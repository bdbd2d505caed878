"""The layout of the liver tumour challenge LiTS: numbered volumes and segmentations."""

from pathlib import Path

from voxclick.evaluate.case import Case

NAMES = {1: "liver", 2: "tumour"}


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by number."""
    cases = []
    for image in folder.glob("volume-*.nii*"):
        label = image.with_name(image.name.replace("volume-", "segmentation-", 1))
        number = image.name.removeprefix("volume-").partition(".nii")[0]
        if label.is_file() and number.isdigit():
            cases.append((int(number), Case(f"volume-{number}", "", image, label, NAMES)))
    return [case for _, case in sorted(cases, key=lambda pair: pair[0])]
