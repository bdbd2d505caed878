"""Lists of images with their prompts."""

import json

import pytest

from voxclick.errors import FileFormatError, InputError, MissingFileError, OptionError
from voxclick.request.batch_list import read_list


def listed(folder, content, name="list.csv", **options):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_list(path, folder / "out", **options)


def test_a_table_gives_a_request_a_row_with_paths_from_its_own_folder(tmp_path):
    table = 'image,output,point,negative,name\na.nii.gz,m/a.mha,"1,2,3 4,5,6","7,8,9",liver\n'
    (row,) = listed(tmp_path, table)
    assert row.request.image == str(tmp_path / "a.nii.gz")
    assert row.request.output == tmp_path / "m" / "a.mha"
    assert row.request.point == ("1,2,3", "4,5,6")
    assert row.request.negative == ("7,8,9",)
    assert (row.request.name, row.request.space) == ("liver", "voxel")
    assert row.where == "row 1 (line 2) of list.csv"


@pytest.mark.parametrize(
    "cell", ["1,2,3 4,5,6", "1,2,3;4,5,6", " 1, 2, 3 ; 4 ,5,6 ", "1,2,3\n4,5,6"]
)
def test_several_points_stand_in_one_cell(cell, tmp_path):
    (row,) = listed(tmp_path, f'image,point\na.nii,"{cell}"\n')
    assert row.request.point == ("1,2,3", "4,5,6")


@pytest.mark.parametrize(
    "table",
    [
        "image;point;name\na.nii;1,2,3;x\n",
        "image\tpoint\tname\na.nii\t1,2,3\tx\n",
        '\ufeffImage,POINT, name\r\na.nii,"1,2,3",x\r\n\r\n',
    ],
)
def test_tables_as_other_programs_write_them(table, tmp_path):
    (row,) = listed(tmp_path, table)
    assert (row.request.point, row.request.name) == (("1,2,3",), "x")


@pytest.mark.parametrize(
    ("point", "wanted"),
    [
        ("1,2,3", ("1,2,3",)),
        ([1, 2, 3], ("1,2,3",)),
        ([[1, 2, 3], [4.5, 5, 6]], ("1,2,3", "4.5,5,6")),
        (["1,2,3", "4,5,6"], ("1,2,3", "4,5,6")),
    ],
)
@pytest.mark.parametrize("name", ["list.json", "list.jsonl"])
def test_json_takes_numbers_too(point, wanted, name, tmp_path):
    entries = [{"image": "a.nii", "point": point}, {"image": "b.nii", "box": [1, 2, 3, 4, 5, 6]}]
    lines = "\n\n".join(map(json.dumps, entries))
    rows = listed(tmp_path, json.dumps(entries) if name.endswith(".json") else lines, name)
    assert rows[0].request.point == wanted
    assert rows[1].request.box == ("1,2,3,4,5,6",)
    assert [row.number for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("image", "mask"),
    [("ct.nii.gz", "ct.nii.gz"), ("series/", "series.nii.gz"), ("a/b.seg.nrrd", "b.nii.gz")],
)
def test_a_mask_without_a_path_is_named_for_its_image(image, mask, tmp_path):
    (row,) = listed(tmp_path, f'image,point\n{image},"1,2,3"\n')
    assert row.request.output == tmp_path / "out" / mask


def test_the_space_of_the_call_is_that_of_rows_which_do_not_say(tmp_path):
    rows = listed(tmp_path, "image,space\na.nii,\nb.nii,lps\n", space="ras")
    assert [row.request.space for row in rows] == ["ras", "lps"]


def test_files_of_prompts_start_at_the_list(tmp_path):
    (row,) = listed(tmp_path, "image,scribble,mask,prompts\nsample,a.csv;b.csv,m.nii,p.json\n")
    assert row.request.image == "sample"
    assert row.request.scribble == (tmp_path / "a.csv", tmp_path / "b.csv")
    assert (row.request.mask, row.request.prompts) == (tmp_path / "m.nii", tmp_path / "p.json")


@pytest.mark.parametrize(
    ("content", "name", "error", "said"),
    [
        ("", "list.csv", FileFormatError, "first line"),
        ("a.nii,1\n", "list.csv", FileFormatError, "must name its columns, image"),
        ("image,point\n", "list.csv", FileFormatError, "at least one row"),
        ("image,point,point\na,1,2\n", "list.csv", FileFormatError, "'point' again"),
        ("image,point\na.nii,1,2,3\n", "list.csv", OptionError, r"row 1 \(line 2\).*put quotes"),
        ("image,poimt\na.nii,1\n", "list.csv", OptionError, "'poimt'; the columns are image"),
        ("image,name\n,x\n", "list.csv", OptionError, "row 1.*needs an image"),
        ("image,space\na.nii,mni\n", "list.csv", OptionError, "row 1.*space.*'mni'"),
        ('image\n"a.nii\n', "list.csv", FileFormatError, "line"),
        ("{", "list.json", FileFormatError, "JSON"),
        ("{}", "list.json", FileFormatError, "list of objects, got dict"),
        ("[3]", "list.json", FileFormatError, "row 1.*object, got int|object, got int in row 1"),
        ('{"image": 3}', "list.jsonl", OptionError, "row 1.*image must be text, got 3"),
        ('{"image": "a", "point": true}', "list.jsonl", OptionError, "row 1.*coordinates"),
        ('{"image": "a", "scribble": 7}', "list.jsonl", OptionError, "row 1.*scribble must be"),
        ('{"image": "a", "scribble": {"a": 1}}', "list.jsonl", OptionError, "scribble must be"),
        ('{"image": "a"}\nx', "list.jsonl", FileFormatError, r"row 2 \(line 2\)"),
    ],
)
def test_a_broken_list_is_told_with_its_place(content, name, error, said, tmp_path):
    with pytest.raises(error, match=said):
        listed(tmp_path, content, name)


def test_a_list_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(MissingFileError, match=r"list\.csv"):
        read_list(tmp_path / "list.csv", tmp_path)
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00image")
    with pytest.raises(InputError, match="text"):
        read_list(tmp_path / "list.csv", tmp_path)
