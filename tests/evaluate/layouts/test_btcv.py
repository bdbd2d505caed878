"""The layout of BTCV."""

import pytest

from voxclick.evaluate.layouts.btcv import find


@pytest.mark.parametrize("place", ["", "RawData/Training"])
def test_images_and_labels_belong_together_by_number(tmp_path, place):
    for part in ("img", "label"):
        (tmp_path / place / part).mkdir(parents=True)
        (tmp_path / place / part / f"{part}0002.nii.gz").touch()
    (tmp_path / place / "img" / "img0001.nii.gz").touch()
    unlabelled, case = find(tmp_path)
    assert (case.name, case.names[6]) == ("btcv0002", "liver")
    assert "label0001.nii.gz" in unlabelled.problem


def test_a_test_split_without_a_folder_of_labels_is_left_out(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "img0061.nii.gz").touch()
    assert find(tmp_path) == []
