"""The layout of the TotalSegmentator data sets, v1, v2 and MR: one file a structure.

The files carry no numbers; a structure's label is its place among all names of the data set in
alphabetical order, from 1 up, so that it is the same in every case.
"""

from pathlib import Path

from voxclick.evaluate.case import Case, unlabelled

IMAGES = ("ct.nii.gz", "mri.nii.gz", "mr.nii.gz", "ct.nii", "mri.nii")


def find(folder: Path) -> list[Case]:
    """The cases of the folder, by name."""
    found: list[tuple[Path, Path, dict[str, Path]]] = []
    missing: list[Case] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        image = next((place / name for name in IMAGES if (place / name).is_file()), None)
        if image is None:
            continue
        if not (place / "segmentations").is_dir():
            missing.append(unlabelled(place.name, image, place / "segmentations"))
            continue
        files = sorted((place / "segmentations").glob("*.nii*"))
        found.append((place, image, {path.name.partition(".nii")[0]: path for path in files}))
    structures = sorted({name for _, _, files in found for name in files})
    numbers = {name: number for number, name in enumerate(structures, start=1)}
    return missing + [
        Case(
            place.name,
            "",
            image,
            labels=None,
            names={numbers[name]: name for name in files},
            masks={numbers[name]: path for name, path in files.items()},
        )
        for place, image, files in found
    ]
