"""The layout of the brain tumour challenges."""

import pytest

from voxclick.evaluate.layouts.brats import find


def make(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).touch()


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_flair_is_taken_where_there_is_one(tmp_path, suffix):
    contrasts = ("t1", "t2", "flair", "t1ce")
    make(
        tmp_path / "BraTS20_001",
        *(f"BraTS20_001_{name}.{suffix}" for name in (*contrasts, "seg")),
    )
    (case,) = find(tmp_path)
    assert case.image.name == f"BraTS20_001_flair.{suffix}"
    assert case.names[4] == "enhancing_tumour"


def test_the_names_changed_in_2023(tmp_path):
    make(tmp_path / "BraTS-GLI-1", "BraTS-GLI-1-t1c.nii.gz", "BraTS-GLI-1-seg.nii.gz")
    (case,) = find(tmp_path)
    assert case.image.name == "BraTS-GLI-1-t1c.nii.gz"
    assert case.names[3] == "enhancing_tumour"
