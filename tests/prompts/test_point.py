import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheared import ALL_GRIDS

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.preprocess.view import window
from voxclick.prompts import Point

on_all_grids = pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)


@on_all_grids
@pytest.mark.parametrize("index", [(0, 0, 0), (39, 35, 31), (12, 30, 7), (12.3, 29.8, 6.6)])
def test_a_point_marks_the_same_voxel_in_every_space(on: Grid, index: tuple[float, ...]) -> None:
    x, y, z = on.to_ras(np.array([index], dtype=np.float64))[0]
    points = [Point(index), Point((x, y, z), space="ras"), Point((-x, -y, z), space="lps")]
    voxels = [p.to_voxel(on).voxels().tolist() for p in points]
    assert voxels[0] == voxels[1] == voxels[2] == [[int(np.floor(v + 0.5)) for v in index]]


@given(st.tuples(*[st.floats(0, 31)] * 3), st.booleans())
def test_a_point_comes_back_from_json_the_same(
    at: tuple[float, float, float], positive: bool
) -> None:
    point = Point(at, positive, "lps")
    assert Point.from_json(point.to_json(), "lps") == point


def test_a_point_takes_a_numpy_row_and_integers() -> None:
    assert Point(np.array([1, 2, 3])) == Point((1, 2, 3)) == Point([1.0, 2.0, 3.0])
    assert Point((1, 2, 3)).at == (1.0, 2.0, 3.0)


def test_equal_points_hash_alike() -> None:
    assert len({Point((1, 2, 3)), Point((1.0, 2.0, 3.0)), Point((1, 2, 3), positive=False)}) == 2


@pytest.mark.parametrize("at", [(1, 2), (1, 2, 3, 4), [[1, 2, 3], [4, 5, 6]], "abc", None, ()])
def test_a_point_of_other_than_three_numbers_is_refused(at: object) -> None:
    with pytest.raises(PromptError, match="a point needs three numbers"):
        Point(at)


def test_a_point_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(PromptError, match="nan"):
        Point((1, np.nan, 3))


def test_a_text_is_no_sign() -> None:
    with pytest.raises(PromptError, match="'false'"):
        Point.from_json({"at": [1, 2, 3], "positive": "false"}, "voxel")


@on_all_grids
@pytest.mark.parametrize("index", [(40, 0, 0), (0, -0.51, 0), (0, 0, 31.6), (1e8, 0, 0)])
def test_a_point_outside_the_volume_is_refused_in_every_space(
    on: Grid, index: tuple[float, float, float]
) -> None:
    x, y, z = on.to_ras(np.array([index], dtype=np.float64))[0]
    for point in (Point(index), Point((x, y, z), space="ras"), Point((-x, -y, z), space="lps")):
        with pytest.raises(PromptError, match="40 x 36 x 32") as caught:
            point.to_voxel(on)
        assert "\n" not in str(caught.value)


def test_a_point_outside_in_millimetres_tells_its_voxel_too() -> None:
    with pytest.raises(PromptError, match=r"got \(500, 0, 40\), which is voxel \(531.5, .*space"):
        Point((500, 0, 40), space="ras").to_voxel(ALL_GRIDS["straight"])


@on_all_grids
def test_a_point_moves_with_the_grid(on: Grid) -> None:
    view = window(on, (2.0, 2.0, 2.0), (16, 16, 16), (20.0, 18.0, 16.0))
    moved = Point((20, 18, 16), positive=False).moved(on.index_map(view))
    assert moved.at == pytest.approx((7.5, 7.5, 7.5))
    assert not moved.positive


def test_a_point_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point((1, 2, 3)).at = (3, 2, 1)  # type: ignore[misc]
