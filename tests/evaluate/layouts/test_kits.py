"""The layout of the kidney tumour challenges."""

from voxclick.evaluate.layouts.kits import find


def test_the_majority_of_the_readers_goes_before_one_segmentation(tmp_path):
    for number, label in ((0, "segmentation"), (1, "segmentation"), (1, "aggregated_MAJ_seg")):
        case = tmp_path / f"case_{number:05}"
        case.mkdir(exist_ok=True)
        (case / "imaging.nii.gz").touch()
        (case / f"{label}.nii.gz").touch()
    cases = find(tmp_path)
    assert [case.name for case in cases] == ["case_00000", "case_00001"]
    assert [case.labels.name for case in cases] == [
        "segmentation.nii.gz",
        "aggregated_MAJ_seg.nii.gz",
    ]
    assert cases[0].names == {1: "kidney", 2: "tumour", 3: "cyst"}


def test_a_test_case_without_a_label_is_left_out(tmp_path):
    (tmp_path / "case_00300").mkdir()
    (tmp_path / "case_00300" / "imaging.nii.gz").touch()
    assert find(tmp_path) == []
