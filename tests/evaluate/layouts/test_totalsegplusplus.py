"""The layout of TotalSeg++."""

import pytest

from voxclick.errors import FileFormatError
from voxclick.evaluate.layouts.totalsegplusplus import find


def make(folder, *names):
    for part in ("images", "masks"):
        (folder / part).mkdir(exist_ok=True)
        for name in names:
            (folder / part / f"{name}.nii.gz").touch()


def test_the_107_structures_have_names(tmp_path):
    make(tmp_path, "s0001")
    (case,) = find(tmp_path)
    assert len(case.names) == 107
    assert case.names[1] == "spleen"
    assert case.names[104] == "urinary_bladder"
    assert {case.names[n] for n in (105, 106, 107)} == {
        "skeletal_muscle",
        "visceral_fat",
        "subcutaneous_fat",
    }


def test_a_file_of_names_beside_the_folders_is_believed(tmp_path):
    make(tmp_path, "s0001")
    (tmp_path / "labels.json").write_text('{"7": "liver"}')
    assert find(tmp_path)[0].names == {7: "liver"}
    (tmp_path / "labels.json").write_text('["liver"]')
    with pytest.raises(FileFormatError, match="label numbers to names"):
        find(tmp_path)


def test_lists_split_the_cases(tmp_path):
    make(tmp_path, "s0001", "s0002", "s0003")
    (tmp_path / "trainset.csv").write_text("name\ns0001\nimages/s0003.nii.gz,masks/s0003.nii.gz\n")
    (tmp_path / "testset.csv").write_text("s0002\n")
    told = [(case.name, case.group) for case in find(tmp_path)]
    assert told == [
        ("testset/s0002", "testset"),
        ("trainset/s0001", "trainset"),
        ("trainset/s0003", "trainset"),
    ]


def test_an_image_without_a_mask_is_left_out(tmp_path):
    make(tmp_path, "s0001")
    (tmp_path / "images" / "s0002.nii.gz").touch()
    assert [case.name for case in find(tmp_path)] == ["s0001"]
    assert find(tmp_path / "images") == []
