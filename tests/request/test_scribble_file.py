"""Scribbles from files."""

import numpy as np
import pytest
from phantoms import GRIDS

import voxclick as vc
from voxclick.errors import InputError, PromptError
from voxclick.request.scribble_file import read_scribble

VOXELS = [[1.0, 2.0, 3.0], [4.0, 5.5, -6.0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "1,2,3\n4,5.5,-6\n"),
        ("rows.csv", "i,j,k\n1,2,3\n4,5.5,-6"),
        ("rows.csv", "\ufeff1;2;3\r\n\r\n4;5.5;-6\r\n"),
        ("rows.txt", "# a stroke\n1 2 3  # here\n4   5.5 -6\n"),
        ("rows.tsv", "1\t2\t3\n4\t5.5\t-6\n"),
        ("rows.JSON", "[[1, 2, 3], [4, 5.5, -6]]"),
        ("rows.json", '{"points": [[1, 2, 3], [4, 5.5, -6]]}'),
    ],
)
def test_rows_of_any_common_kind_are_read(name, content, tmp_path):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    scribble, grid = read_scribble("--scribble", path, positive=False, space="ras")
    np.testing.assert_array_equal(scribble.points, VOXELS)
    assert (scribble.positive, scribble.space, grid) == (False, "ras", None)


def test_a_painted_scribble_is_its_voxels_on_the_grid_of_its_file(tmp_path):
    array = np.zeros(GRIDS["oblique"].shape, dtype=np.uint8)
    array[3, 4, 5] = array[3, 5, 5] = 1
    path = vc.write(vc.Mask(array, GRIDS["oblique"]), tmp_path / "painted.nii.gz")
    scribble, grid = read_scribble("--scribble", path, positive=True, space="ras")
    np.testing.assert_array_equal(scribble.points, [[3, 4, 5], [3, 5, 5]])
    assert scribble.space == "voxel"
    assert grid is not None
    assert grid.matches(GRIDS["oblique"])


@pytest.mark.parametrize(
    ("content", "quoted"),
    [
        ("1,2\n", "line 1"),
        ("1,2,3\n1,2,3,4\n", "'1,2,3,4' in line 2"),
        ("1,2,3\n\n1,x,3\n", "'1,x,3' in line 3"),
        ("i,j,k\nx,y,z\n", "'x,y,z' in line 2"),
    ],
)
def test_a_row_that_is_not_three_numbers_is_quoted(content, quoted, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with pytest.raises(PromptError, match=quoted):
        read_scribble("--scribble", path, positive=True, space="voxel")


@pytest.mark.parametrize("content", ["", "[]", "{}", "[[1, 2]]", "[1, 2", '"text"', "[[1, 2, []]]"])
def test_json_that_is_no_scribble_is_an_error(content, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_scribble("--scribble", path, positive=True, space="voxel")


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(PromptError, match="text"):
        read_scribble("--scribble", path, positive=True, space="voxel")
