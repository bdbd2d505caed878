"""The layout of FLARE."""

import pytest

from voxclick.evaluate.layouts.flare import find


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("image", "label", "name"),
    [
        ("images/FLARE22_Tr_0001_0000.nii.gz", "labels/FLARE22_Tr_0001.nii.gz", "kidney_right"),
        (
            "imagesTr2200/FLARE23_1_0000.nii.gz",
            "labelsTr2200/FLARE23_1.nii.gz",
            "kidney_right",
        ),
        ("TrainingImg/train_000_0000.nii.gz", "TrainingMask/train_000.nii.gz", "kidney"),
    ],
)
def test_every_year_has_its_folders_and_names(tmp_path, image, label, name):
    touch(tmp_path, image, label)
    (case,) = find(tmp_path)
    assert case.labels == tmp_path / label
    assert case.names[2] == name


def test_other_pairs_of_folders_are_not_flare(tmp_path):
    touch(tmp_path, "images/liver_0000.nii.gz", "labels/liver.nii.gz")
    assert find(tmp_path) == []
