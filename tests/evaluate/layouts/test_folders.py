"""voxclick's own layout."""

import logging

import pytest

from voxclick.evaluate.layouts.folders import find


def make(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_cases_at_any_depth_are_named_by_their_path_and_grouped_by_their_folder(tmp_path):
    make(tmp_path / "one", "image.nii.gz", "label.nii.gz")
    make(tmp_path / "sets" / "ct" / "two", "image.nrrd", "label.seg.nrrd")
    assert [(case.name, case.group) for case in find(tmp_path)] == [
        ("one", ""),
        ("sets/ct/two", "sets/ct"),
    ]


def test_a_folder_that_is_itself_a_case_is_named_after_the_folder(tmp_path):
    make(tmp_path / "patient", "image.nii.gz", "label.nii.gz")
    (case,) = find(tmp_path / "patient")
    assert case.name == "patient"


def test_names_come_from_labels_json(tmp_path):
    make(tmp_path / "one", "image.nii.gz", "label.nii.gz")
    (tmp_path / "one" / "labels.json").write_text('{"1": "liver", "7": "spleen"}')
    (case,) = find(tmp_path)
    assert case.names == {1: "liver", 7: "spleen"}


def test_a_folder_without_an_image_is_skipped_and_logged(tmp_path, caplog):
    make(tmp_path / "one", "label.nii.gz")
    with caplog.at_level(logging.DEBUG):
        assert find(tmp_path) == []
    assert str(tmp_path / "one") in caplog.text


def test_an_image_without_a_label_is_a_case_whose_problem_says_what_is_missing(tmp_path):
    make(tmp_path / "sets" / "one", "image.nii.gz")
    (case,) = find(tmp_path)
    assert (case.name, case.group) == ("sets/one", "sets")
    assert str(tmp_path / "sets" / "one" / "label.nii.gz") in case.problem


def test_a_label_can_be_called_a_segmentation(tmp_path):
    make(tmp_path / "volume-3", "image.nii.gz", "segmentation.nii.gz")
    (case,) = find(tmp_path)
    assert (case.labels.name, case.problem) == ("segmentation.nii.gz", "")


@pytest.mark.parametrize("content", ["[1, 2]", "{", '{"liver": 1}', "\xff\xfe"])
def test_broken_names_are_a_problem_of_their_case_that_says_what_is_expected(tmp_path, content):
    make(tmp_path / "one", "image.nii.gz", "label.nii.gz")
    (tmp_path / "one" / "labels.json").write_text(content, encoding="latin-1")
    make(tmp_path / "two", "image.nii.gz", "label.nii.gz")
    broken, whole = find(tmp_path)
    assert (broken.name, whole.name, whole.problem) == ("one", "two", "")
    assert "labels.json must map label numbers to names" in broken.problem


def test_the_order_does_not_depend_on_the_file_system(tmp_path):
    for name in ("b", "a", "c"):
        make(tmp_path / name, "image.nii.gz", "label.nii.gz")
    assert [case.name for case in find(tmp_path)] == ["a", "b", "c"]


def test_links_are_followed_and_one_that_leads_back_ends(tmp_path):
    make(tmp_path / "elsewhere" / "one", "image.nii.gz", "label.nii.gz")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data", target_is_directory=True)
    assert [case.name for case in find(tmp_path / "data")] == ["linked/one"]
