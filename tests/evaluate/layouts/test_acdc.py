"""The layout of ACDC."""

from voxclick.evaluate.layouts.acdc import find


def test_every_frame_with_its_truth_is_a_case_and_the_splits_are_groups(tmp_path):
    folder = tmp_path / "training" / "patient001"
    folder.mkdir(parents=True)
    for name in ("4d", "frame01", "frame01_gt", "frame12"):
        (folder / f"patient001_{name}.nii.gz").touch()
    case, unlabelled = find(tmp_path)
    assert (case.name, case.group) == ("patient001_frame01", "training")
    assert case.names == {1: "right_ventricle", 2: "myocardium", 3: "left_ventricle"}
    assert "patient001_frame12_gt.nii.gz" in unlabelled.problem
