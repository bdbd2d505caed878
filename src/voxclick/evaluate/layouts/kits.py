"""The layout of the kidney tumour challenges KiTS19, KiTS21 and KiTS23."""

from pathlib import Path

from voxclick.evaluate.case import Case

NAMES = {1: "kidney", 2: "tumour", 3: "cyst"}
LABELS = ("aggregated_MAJ_seg.nii.gz", "segmentation.nii.gz")  # KiTS21: the majority of 3 readers


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name."""
    cases = []
    for image in sorted(folder.glob("case_*/imaging.nii.gz")):
        options = [image.parent / name for name in LABELS]
        if label := next((path for path in options if path.is_file()), None):
            cases.append(Case(image.parent.name, "", image, label, NAMES))
    return cases
