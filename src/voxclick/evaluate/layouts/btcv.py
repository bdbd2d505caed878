"""The layout of BTCV, the abdominal set of Synapse: `img/img0001` and `label/label0001`."""

from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled

NAMES = dict(
    enumerate(
        (
            "spleen",
            "kidney_right",
            "kidney_left",
            "gallbladder",
            "esophagus",
            "liver",
            "stomach",
            "aorta",
            "inferior_vena_cava",
            "portal_vein_and_splenic_vein",
            "pancreas",
            "adrenal_gland_right",
            "adrenal_gland_left",
        ),
        start=1,
    )
)
PLACES = ("", "Training", "RawData/Training")


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by number."""
    cases = []
    for place in PLACES:
        for image in sorted((folder / place / "img").glob("img[0-9]*.nii*")):
            name = image.name.replace("img", "label", 1)
            label = folder / place / "label" / name
            case = f"btcv{image.name.removeprefix('img').partition('.')[0]}"
            if label.is_file():
                cases.append(Case(case, "", image, label, NAMES))
            elif (folder / place / "label").is_dir():
                cases.append(unlabelled(case, image, label))
    return cases
