"""The layout of the brain tumour challenges BraTS: a folder a case, a file a contrast."""

from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled

NAMES_UNTIL_2021 = {1: "necrosis", 2: "edema", 3: "non_enhancing_tumour", 4: "enhancing_tumour"}
NAMES_FROM_2023 = {1: "necrosis", 2: "edema", 3: "enhancing_tumour"}
ENDINGS = (
    ("_seg.nii", ("_flair.nii", "_t2f.nii", "_t1ce.nii", "_t2.nii", "_t1.nii"), NAMES_UNTIL_2021),
    ("-seg.nii", ("-t2f.nii", "-t1c.nii", "-t2w.nii", "-t1n.nii"), NAMES_FROM_2023),
)
"""The ending of the label, those of the contrast to use (the first there is), and the names."""


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name; FLAIR where there is one, else the next best contrast."""
    cases = []
    for ending, contrasts, names in ENDINGS:
        for label in sorted(folder.glob(f"*/*{ending}*")):
            stem, _, packing = label.name.rpartition(ending)
            options = [label.with_name(f"{stem}{contrast}{packing}") for contrast in contrasts]
            if image := next((path for path in options if path.is_file()), None):
                cases.append(Case(label.parent.name, "", image, label, names))
        labelled = {case.name for case in cases}
        for image in sorted(folder.glob(f"*/*{contrasts[0]}*")):
            stem, _, packing = image.name.rpartition(contrasts[0])
            if image.parent.name not in labelled:
                wanted = image.with_name(f"{stem}{ending}{packing}")
                cases.append(unlabelled(image.parent.name, image, wanted))
    return sorted(cases, key=lambda case: case.name)
