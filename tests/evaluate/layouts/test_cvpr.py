"""The layout of the CVPR 2025 challenge."""

import numpy as np
import pytest

from voxclick.errors import GridMismatchError
from voxclick.evaluate.layouts.cvpr import find

CUBE = np.zeros((4, 4, 4), dtype=np.uint8)


def test_labels_lie_in_the_file_of_the_image(tmp_path):
    np.savez(tmp_path / "CT_Abdomen_1.npz", imgs=CUBE, gts=CUBE, spacing=(1, 1, 1))
    (case,) = find(tmp_path)
    assert (case.name, case.group, case.image) == ("CT_Abdomen_1", "CT", case.labels)


def test_labels_lie_in_a_parallel_folder(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "gt").mkdir()
    for name in ("MR_Heart_1.npz", "PET_Lesion_2.npz"):
        np.savez(tmp_path / "img" / name, imgs=CUBE, spacing=(1, 1, 1))
        np.savez(tmp_path / "gt" / name, gts=CUBE)
    cases = find(tmp_path)
    assert [(case.name, case.group) for case in cases] == [
        ("img/MR_Heart_1", "MR"),
        ("img/PET_Lesion_2", "PET"),
    ]
    assert [case.labels.parent.name for case in cases] == ["gt", "gt"]


def test_files_without_labels_have_a_problem(tmp_path):
    np.savez(tmp_path / "CT_test.npz", imgs=CUBE, spacing=(1, 1, 1))
    (case,) = find(tmp_path)
    assert (case.name, case.labels) == ("CT_test", None)
    assert "CT_test.npz, array gts" in case.problem


def test_a_file_that_is_cut_off_is_a_case_with_a_problem(tmp_path):
    for name in ("CT_a.npz", "CT_b.npz"):
        np.savez(tmp_path / name, imgs=CUBE, gts=CUBE, spacing=(1, 1, 1))
    cut = (tmp_path / "CT_b.npz").read_bytes()[:200]
    (tmp_path / "CT_b.npz").write_bytes(cut)
    whole, broken = find(tmp_path)
    assert (whole.name, whole.problem) == ("CT_a", "")
    assert (broken.name, broken.group) == ("CT_b", "CT")
    assert "cannot read" in broken.problem
    assert "CT_b.npz" in broken.problem


@pytest.mark.parametrize("spoilt", ["img", "gt"])
def test_of_an_image_and_labels_in_parallel_folders_a_broken_one_is_told_once(spoilt, tmp_path):
    for part, array in (("img", "imgs"), ("gt", "gts")):
        (tmp_path / part).mkdir()
        np.savez(tmp_path / part / "CT_a.npz", **{array: CUBE}, spacing=(1, 1, 1))
    (tmp_path / spoilt / "CT_a.npz").write_text("this is no archive")
    (case,) = find(tmp_path)
    assert case.name == "img/CT_a"
    assert str(tmp_path / spoilt / "CT_a.npz") in case.problem


def test_labels_without_a_spacing_lie_on_the_image(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "gt").mkdir()
    labels = np.zeros((4, 5, 6), dtype=np.uint8)
    labels[1:3, 1:4, 2:5] = 2
    np.savez(tmp_path / "img" / "CT_a.npz", imgs=labels * 9, spacing=(5.0, 0.7, 0.7))
    np.savez(tmp_path / "gt" / "CT_a.npz", gts=labels)
    (case,) = find(tmp_path)
    grid = case.read().grid
    (target,) = case.targets(grid)
    assert (target.label, target.voxels) == (2, 18)
    assert target.mask.grid.matches(grid)
    assert max(grid.spacing_mm) == 5.0


def test_labels_of_another_shape_are_an_error_all_the_same(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "gt").mkdir()
    np.savez(tmp_path / "img" / "CT_a.npz", imgs=CUBE, spacing=(1.0, 1.0, 1.0))
    np.savez(tmp_path / "gt" / "CT_a.npz", gts=CUBE[:3])
    (case,) = find(tmp_path)
    with pytest.raises(GridMismatchError, match="gt"):
        list(case.targets(case.read().grid))
