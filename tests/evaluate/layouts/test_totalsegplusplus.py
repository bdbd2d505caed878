"""The layout of TotalSeg++."""

import pytest

from voxclick.errors import FileFormatError
from voxclick.evaluate.layouts.totalsegplusplus import NAMES, find


@pytest.fixture
def folder(tmp_path):
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
        for name in ("s0001", "s0002", "s0003"):
            (tmp_path / part / f"{name}.nii.gz").touch()
    return tmp_path


def test_the_lists_are_groups_whatever_column_names_the_case(folder):
    (folder / "trainset.csv").write_text("id,image,mask\n7,images/s0002.nii.gz,masks/s2.nii.gz\n")
    (folder / "testset.csv").write_text("s0001\n")
    assert [(case.name, case.group, case.problem) for case in find(folder)] == [
        ("trainset/s0002", "trainset", ""),
        ("testset/s0001", "testset", ""),
        ("s0003", "", ""),
    ]


def test_a_listed_case_without_files_has_a_problem(folder):
    (folder / "validset.csv").write_text("images/s0009.nii.gz\n")
    case = find(folder)[0]
    assert (case.name, case.group) == ("validset/s0009", "validset")
    assert "validset.csv" in case.problem
    assert "s0009.nii.gz" in case.problem


def test_the_numbers_are_those_of_the_first_version_and_three_more(folder):
    (folder / "testset.csv").write_text("s0001\n")
    assert len(NAMES) == 107
    assert (NAMES[1], NAMES[104], NAMES[105]) == ("spleen", "urinary_bladder", "skeletal_muscle")
    assert find(folder)[0].names == NAMES
    (folder / "labels.json").write_text('{"1": "liver"}')
    assert find(folder)[0].names == {1: "liver"}


def test_without_a_list_it_is_another_layout(folder):
    assert find(folder) == []


def test_a_broken_list_is_an_error(folder):
    (folder / "trainset.csv").write_bytes(b"\xff\xfe\x00s")
    with pytest.raises(FileFormatError, match=r"trainset\.csv"):
        find(folder)
