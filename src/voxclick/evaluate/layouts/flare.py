"""The layout of the abdominal challenges FLARE21, FLARE22 and FLARE23: paired folders."""

from dataclasses import replace
from pathlib import Path

from voxclick.evaluate.case import Case
from voxclick.evaluate.layouts.paired import pairs

NAMES_2021 = {1: "liver", 2: "kidney", 3: "spleen", 4: "pancreas"}
NAMES = dict(
    enumerate(
        (
            "liver",
            "kidney_right",
            "spleen",
            "pancreas",
            "aorta",
            "inferior_vena_cava",
            "adrenal_gland_right",
            "adrenal_gland_left",
            "gallbladder",
            "esophagus",
            "stomach",
            "duodenum",
            "kidney_left",
            "tumour",
        ),
        start=1,
    )
)
"""Since FLARE22; the tumour since FLARE23."""

FOLDERS = (
    ("TrainingImg", "TrainingMask", NAMES_2021),
    ("imagesTr2200", "labelsTr2200", NAMES),
    ("images", "labels", NAMES),
    ("imagesTr", "labelsTr", NAMES),
)


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name; folders of general names count if their files say FLARE."""
    cases: list[Case] = []
    for images, labels, names in FOLDERS:
        found = list(pairs(folder / images, folder / labels))
        if images.startswith("images") and not all(case.name.startswith("FLARE") for case in found):
            continue
        cases.extend(replace(case, names=names) for case in found)
    return cases
