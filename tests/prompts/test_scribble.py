import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheared import ALL_GRIDS

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.prompts import Scribble

STROKE = np.stack([np.linspace(3, 17, 40), np.linspace(30, 12, 40), np.full(40, 9.0)], axis=1)


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
def test_a_scribble_marks_the_same_voxels_in_every_space(on: Grid) -> None:
    ras = on.to_ras(STROKE)
    lps = ras * (-1, -1, 1)
    strokes = [Scribble(STROKE), Scribble(ras, space="ras"), Scribble(lps, space="lps")]
    voxels = [s.to_voxel(on).voxels().tolist() for s in strokes]
    assert voxels[0] == voxels[1] == voxels[2]


def test_a_voxel_marked_twice_counts_once() -> None:
    assert Scribble([[1, 2, 3], [1.2, 2.1, 2.9], [1, 2, 4]]).voxels().tolist() == [
        [1, 2, 3],
        [1, 2, 4],
    ]


def test_one_row_is_a_scribble() -> None:
    assert Scribble((4, 5, 6)).points.shape == (1, 3)


@pytest.mark.parametrize("points", [[], np.zeros((0, 3)), [[1, 2]], [[1, 2, 3, 4]], "abc", None])
def test_a_scribble_without_rows_of_three_is_refused(points: object) -> None:
    with pytest.raises(PromptError, match="a scribble needs"):
        Scribble(points)


def test_an_empty_scribble_is_told_to_draw() -> None:
    with pytest.raises(PromptError, match="got none; draw at least one"):
        Scribble(np.zeros((0, 3)))


def test_a_scribble_with_one_voxel_outside_is_refused_with_that_voxel() -> None:
    points = np.vstack([STROKE, [[3, 36, 9]]])
    with pytest.raises(PromptError, match=r"got \(3, 36, 9\)"):
        Scribble(points).to_voxel(ALL_GRIDS["straight"])


@given(st.lists(st.tuples(*[st.floats(-30, 30)] * 3), min_size=1), st.booleans())
def test_a_scribble_comes_back_from_json_the_same(
    rows: list[tuple[float, float, float]], positive: bool
) -> None:
    scribble = Scribble(np.array(rows), positive, "ras")
    back = Scribble.from_json(scribble.to_json(), "ras")
    assert np.array_equal(back.points, scribble.points)
    assert back.positive == positive


def test_a_scribble_cannot_be_changed() -> None:
    scribble = Scribble(STROKE)
    with pytest.raises(ValueError, match="read-only"):
        scribble.points[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        scribble.positive = False  # type: ignore[misc]
