"""The layout of the TotalSegmentator data sets."""

from voxclick.evaluate.layouts.totalsegmentator import find


def make(folder, image, *structures):
    (folder / "segmentations").mkdir(parents=True)
    (folder / image).touch()
    for name in structures:
        (folder / "segmentations" / f"{name}.nii.gz").touch()


def test_a_structure_has_one_number_in_every_case(tmp_path):
    make(tmp_path / "s0001", "ct.nii.gz", "aorta", "spleen")
    make(tmp_path / "s0002", "mri.nii.gz", "liver", "spleen")
    one, two = find(tmp_path)
    assert one.names == {1: "aorta", 3: "spleen"}
    assert two.names == {2: "liver", 3: "spleen"}
    assert two.masks[2].name == "liver.nii.gz"


def test_a_case_without_segmentations_has_a_problem(tmp_path):
    (tmp_path / "s0001").mkdir()
    (tmp_path / "s0001" / "ct.nii.gz").touch()
    (case,) = find(tmp_path)
    assert str(tmp_path / "s0001" / "segmentations") in case.problem
