"""The layout of the cardiac challenge ACDC: two frames a patient, each with its ground truth."""

from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled

NAMES = {1: "right_ventricle", 2: "myocardium", 3: "left_ventricle"}


def find(folder: Path) -> list[Case]:
    """The frames of the folder's patients, by name; `training` and `testing` are groups."""
    cases = []
    for split in ("", "training", "testing"):
        for image in sorted((folder / split).glob("patient*/patient*_frame*.nii*")):
            stem, _, packing = image.name.partition(".nii")
            if stem.endswith("_gt"):
                continue
            label = image.with_name(f"{stem}_gt.nii{packing}")
            if label.is_file():
                cases.append(Case(stem, split, image, label, NAMES))
            else:
                cases.append(unlabelled(stem, image, label, group=split))
    return cases
