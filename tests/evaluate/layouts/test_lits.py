"""The layout of the liver tumour challenge."""

from voxclick.evaluate.layouts.lits import find


def test_volumes_meet_the_segmentation_of_their_number_in_order_of_numbers(tmp_path):
    for number in (10, 9):
        (tmp_path / f"volume-{number}.nii").touch()
        (tmp_path / f"segmentation-{number}.nii").touch()
    (tmp_path / "volume-11.nii").touch()
    cases = find(tmp_path)
    assert [case.name for case in cases] == ["volume-9", "volume-10", "volume-11"]
    labels = [case.labels and case.labels.name for case in cases]
    assert labels == ["segmentation-9.nii", "segmentation-10.nii", None]
    assert "segmentation-11.nii" in cases[2].problem
