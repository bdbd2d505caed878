"""Plain folders."""

import pytest

from voxclick.evaluate.layouts.paired import find


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("labels", ["labels", "masks"])
def test_images_and_labels_of_one_name_belong_together(tmp_path, labels):
    touch(tmp_path, "images/a.nii.gz", "images/b_0000.mha", f"{labels}/a.nrrd", f"{labels}/b.mha")
    assert [(case.name, case.image.name, case.labels.name) for case in find(tmp_path)] == [
        ("a", "a.nii.gz", "a.nrrd"),
        ("b", "b_0000.mha", "b.mha"),
    ]


def test_further_channels_and_hidden_files_are_left_out(tmp_path):
    touch(tmp_path, "images/a_0000.nii.gz", "images/a_0001.nii.gz", "images/._a_0000.nii.gz")
    touch(tmp_path, "labels/a.nii.gz", "labels/notes.txt")
    assert [case.image.name for case in find(tmp_path)] == ["a_0000.nii.gz"]


@pytest.mark.parametrize("ending", ["_seg", "-label", "_gt"])
def test_a_label_can_lie_beside_its_image(tmp_path, ending):
    touch(tmp_path, "a.nii.gz", f"a{ending}.nii.gz", "b.nii.gz")
    (tmp_path / "labels.json").write_text('{"1": "liver"}')
    case, unlabelled = find(tmp_path)
    assert (case.name, case.labels.name) == ("a", f"a{ending}.nii.gz")
    assert case.names == {1: "liver"}
    assert str(tmp_path / "b_seg.nii.gz") in unlabelled.problem


def test_images_alone_are_no_data_set(tmp_path):
    touch(tmp_path, "a.nii.gz", "b.nii.gz")
    assert find(tmp_path) == []
