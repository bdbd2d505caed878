"""The layout of the Decathlon, AMOS and nnU-Net."""

import json

import pytest

from voxclick.errors import FileFormatError
from voxclick.evaluate.layouts.decathlon import find


def make(folder, description, *names):
    (folder / "dataset.json").write_text(json.dumps(description))
    for name in ("imagesTr/.keep", *names):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


def test_an_image_belongs_to_the_label_of_its_name(tmp_path):
    make(
        tmp_path,
        {"labels": {"0": "background", "1": "liver"}},
        "imagesTr/liver_1.nii.gz",
        "imagesTr/liver_2.nii.gz",
        "labelsTr/liver_2.nii.gz",
        "labelsTr/._liver_2.nii.gz",
    )
    unlabelled, case = find(tmp_path)
    assert (unlabelled.name, case.problem) == ("liver_1", "")
    assert str(tmp_path / "labelsTr" / "liver_1.nii.gz") in unlabelled.problem
    assert (case.name, case.image.name, case.names) == (
        "liver_2",
        "liver_2.nii.gz",
        {1: "liver"},
    )


def test_the_labelled_validation_split_of_amos_counts_too(tmp_path):
    make(
        tmp_path,
        {"labels": {"1": "spleen"}},
        "imagesTr/amos_0001.nii.gz",
        "labelsTr/amos_0001.nii.gz",
        "imagesVa/amos_0002.nii.gz",
        "labelsVa/amos_0002.nii.gz",
        "imagesTs/amos_0003.nii.gz",
    )
    assert [case.name for case in find(tmp_path)] == ["amos_0001", "amos_0002"]


def test_nnunet_names_the_first_channel_0000_and_turns_the_labels_round(tmp_path):
    make(
        tmp_path,
        {"labels": {"background": 0, "whole": [1, 2], "core": 2}},
        "imagesTr/a_0000.nii.gz",
        "imagesTr/a_0001.nii.gz",
        "labelsTr/a.nii.gz",
    )
    (case,) = find(tmp_path)
    assert case.image.name == "a_0000.nii.gz"
    assert case.names[2] == "core"


def test_the_first_of_several_channels_in_one_file_is_used(tmp_path):
    names = ("imagesTr/a.nii.gz", "labelsTr/a.nii.gz")
    make(tmp_path, {"labels": {"1": "edema"}, "modality": {"0": "FLAIR", "1": "T1w"}}, *names)
    (case,) = find(tmp_path)
    assert case.channel == 0


def test_one_channel_in_a_file_of_its_own_is_read_as_it_is(tmp_path):
    names = ("imagesTr/a_0000.nii.gz", "labelsTr/a.nii.gz")
    make(tmp_path, {"labels": {}, "channel_names": {"0": "FLAIR", "1": "T1w"}}, *names)
    (case,) = find(tmp_path)
    assert case.channel is None


def test_a_broken_description_is_an_error(tmp_path):
    make(tmp_path, {}, "labelsTr/a.nii.gz", "imagesTr/a.nii.gz")
    (tmp_path / "dataset.json").write_text('{"labels": {"liver": "one"}}')
    with pytest.raises(FileFormatError, match=r"dataset\.json"):
        find(tmp_path)


def test_another_folder_gives_no_case(tmp_path):
    (tmp_path / "imagesTr").mkdir()
    assert find(tmp_path) == []
