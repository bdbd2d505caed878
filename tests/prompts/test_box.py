import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phantoms import GRIDS
from sheared import ALL_GRIDS

from voxclick.errors import PromptError
from voxclick.geometry import Box, Grid
from voxclick.preprocess.view import window
from voxclick.prompts import BoxPrompt

ON = GRIDS["straight"]
on_all_grids = pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
ALIGNED = {n: g for n, g in ALL_GRIDS.items() if n not in ("oblique", "sheared")}


def test_a_box_in_voxels_is_half_open() -> None:
    box = BoxPrompt((5, 6, 7), (8, 9, 9)).to_voxel(ON)
    assert box.region == Box((5, 6, 7), (8, 9, 9))
    assert len(box.voxels()) == 3 * 3 * 2
    assert box.voxels().min(axis=0).tolist() == [5, 6, 7]
    assert box.voxels().max(axis=0).tolist() == [7, 8, 8]


@pytest.mark.parametrize("axis", range(3))
def test_a_box_on_one_slice_is_flat_along_its_axis(axis: int) -> None:
    stop = [20, 20, 20]
    stop[axis] = 6
    assert BoxPrompt((5, 5, 5), tuple(stop)).flat_axis == axis
    assert BoxPrompt((5, 5, 5), (20, 20, 20)).flat_axis is None


@pytest.mark.parametrize("swap", list(product([False, True], repeat=3)))
@pytest.mark.parametrize("space", ["ras", "lps"])
@pytest.mark.parametrize("on", ALIGNED.values(), ids=ALIGNED)
def test_corners_in_millimetres_come_in_any_order(
    on: Grid, space: str, swap: tuple[bool, bool, bool]
) -> None:
    low, high = on.to_ras(np.array([[5.0, 6, 7], [11, 10, 20]]))
    if space == "lps":
        low, high = low * (-1, -1, 1), high * (-1, -1, 1)
    start, stop = np.where(swap, high, low), np.where(swap, low, high)
    box = BoxPrompt(start, stop, space=space).to_voxel(on)
    assert box.region == Box((5, 6, 7), (11, 10, 20))


@pytest.mark.parametrize("seed", range(30))
def test_faces_in_millimetres_give_the_voxels_between_them(seed: int) -> None:
    generator = np.random.default_rng(seed)
    affine = np.diag([*generator.uniform(0.3, 3, 3), 1.0])
    affine[:3, 3] = generator.uniform(-200, 200, 3)
    on = Grid((40, 36, 32), affine)
    low, high = on.to_ras(np.array([[4.5, 5.5, 6.5], [11.5, 10.5, 20.5]]))
    region = BoxPrompt(low, high, space="ras").to_voxel(on).region
    assert region == Box((5, 6, 7), (12, 11, 21))


@on_all_grids
@pytest.mark.parametrize("space", ["ras", "lps"])
def test_the_corners_of_a_voxel_box_in_millimetres_give_that_box(on: Grid, space: str) -> None:
    low, high = on.to_ras(np.array([[5.0, 6, 7], [11, 10, 20]]))
    if space == "lps":
        low, high = low * (-1, -1, 1), high * (-1, -1, 1)
    found = BoxPrompt(low, high, space=space).to_voxel(on)
    assert found.region == BoxPrompt((5, 6, 7), (11, 10, 20)).to_voxel(on).region


def test_a_box_of_a_few_slices_stays_one_in_a_coarse_view() -> None:
    coarse = np.diag([0.25, 0.25, 0.25, 1.0])
    assert BoxPrompt((4, 4, 4), (20, 20, 7)).moved(coarse).flat_axis is None
    assert BoxPrompt((4, 4, 4), (20, 20, 5)).moved(np.linalg.inv(coarse)).flat_axis == 2


def test_what_reaches_beyond_the_volume_is_cut_off() -> None:
    box = BoxPrompt((-5, 10, 30), (7, 90, 1e6)).to_voxel(ON)
    assert box.region == Box((0, 10, 30), (7, 36, 32))


@pytest.mark.parametrize(
    ("start", "stop"),
    [((40, 0, 0), (50, 5, 5)), ((0, -9, 0), (5, 0, 5)), ((0, 0, 99), (5, 5, 100))],
)
def test_a_box_outside_the_volume_is_refused(start: object, stop: object) -> None:
    with pytest.raises(PromptError, match="must meet the volume of 40 x 36 x 32") as caught:
        BoxPrompt(start, stop).to_voxel(ON)
    assert "\n" not in str(caught.value)


@on_all_grids
def test_a_box_in_millimetres_outside_the_volume_is_refused(on: Grid) -> None:
    with pytest.raises(PromptError, match="must meet the volume"):
        BoxPrompt((900, 900, 900), (950, 950, 950), space="ras").to_voxel(on)


@given(
    st.tuples(*[st.floats(-2, 31.4)] * 3),
    st.tuples(*[st.floats(0.01, 9)] * 3),
)
def test_a_box_with_fractions_in_the_volume_has_a_region_in_the_volume(
    start: tuple[float, ...], size: tuple[float, ...]
) -> None:
    stop = tuple(a + n for a, n in zip(start, size, strict=True))
    if min(stop) <= 0:
        return
    region = BoxPrompt(start, stop).to_voxel(Grid((32, 32, 32), np.eye(4))).region
    assert not region.empty
    assert region.intersection(Box.whole((32, 32, 32))) == region


@pytest.mark.parametrize(
    ("start", "stop"),
    [((5, 5, 5), (5, 9, 9)), ((5, 5, 5), (4, 9, 9)), ((9, 9, 9), (5, 5, 5))],
)
def test_a_box_in_voxels_that_holds_none_is_refused(start: object, stop: object) -> None:
    with pytest.raises(PromptError, match="start < stop on every axis"):
        BoxPrompt(start, stop)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ((1, 2), (3, 4)),
        ((1, 2, 3), (4, 5, np.nan)),
        ((1, 2, 3), None),
        ("abc", (1, 2, 3)),
        ((1, 2, 3, 4), (5, 6, 7, 8)),
        ([[1, 2, 3], [1, 2, 3]], (4, 5, 6)),
    ],
)
def test_corners_that_are_not_three_finite_numbers_are_refused(start: object, stop: object) -> None:
    with pytest.raises(PromptError, match="a box needs"):
        BoxPrompt(start, stop)


@on_all_grids
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_every_thin_box_lands_on_the_coarse_voxel_that_covers_it(on: Grid, factor: int) -> None:
    view = Grid((8, 8, 8), on.affine @ coarser(factor))
    for index in range(8 * factor):
        moved = BoxPrompt((index,) * 3, (index + 1,) * 3).moved(on.index_map(view))
        expected = index // factor
        assert moved.region.start == (expected,) * 3, index
        assert moved.region.shape == (1, 1, 1)


@given(
    st.tuples(*[st.integers(0, 30)] * 3), st.tuples(*[st.integers(1, 32)] * 3), st.integers(2, 5)
)
def test_a_wide_box_holds_the_coarse_voxels_whose_centre_is_inside(
    start: tuple[int, ...], size: tuple[int, ...], factor: int
) -> None:
    stop = tuple(a + factor + n for a, n in zip(start, size, strict=True))
    moved = BoxPrompt(start, stop).moved(np.linalg.inv(coarser(factor)))
    centres = np.arange(70) * factor + (factor - 1) / 2
    for axis in range(3):
        inside = (centres >= start[axis] - 0.5) & (centres < stop[axis] - 0.5)
        held = np.arange(moved.region.start[axis], moved.region.stop[axis])
        assert held.tolist() == np.flatnonzero(inside).tolist()


@on_all_grids
def test_a_box_of_whole_coarse_voxels_becomes_exactly_those(on: Grid) -> None:
    view = Grid((8, 8, 8), on.affine @ coarser(4))
    moved = BoxPrompt((4, 8, 0), (12, 20, 4)).moved(on.index_map(view))
    assert moved.region == Box((1, 2, 0), (3, 5, 1))


@on_all_grids
def test_a_box_moved_to_a_finer_grid_and_back_is_the_same(on: Grid) -> None:
    view = window(on, (0.7, 0.6, 0.5), (64, 64, 64), (20.0, 18.0, 16.0))
    box = BoxPrompt((5, 6, 7), (12, 8, 20), positive=False)
    there = box.moved(on.index_map(view))
    back = there.moved(view.index_map(on))
    assert back.region == box.region
    assert not back.positive


def coarser(factor: int) -> np.ndarray:
    """View index to native index, for views of `factor` voxels from the first on."""
    matrix = np.diag([factor, factor, factor, 1.0])
    matrix[:3, 3] = (factor - 1) / 2
    return matrix


@given(st.tuples(*[st.integers(-9, 20)] * 3), st.tuples(*[st.integers(1, 20)] * 3), st.booleans())
def test_a_box_comes_back_from_json_the_same(
    start: tuple[int, ...], size: tuple[int, ...], positive: bool
) -> None:
    box = BoxPrompt(start, tuple(a + n for a, n in zip(start, size, strict=True)), positive)
    assert BoxPrompt.from_json(box.to_json(), "voxel") == box


def test_a_box_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        BoxPrompt((1, 2, 3), (4, 5, 6)).stop = (9, 9, 9)  # type: ignore[misc]
