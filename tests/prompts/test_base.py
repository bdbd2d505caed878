import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheared import ALL_GRIDS

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS, apply_affine
from voxclick.prompts.base import (
    check_axis,
    check_space,
    coordinates,
    indices_in,
    sign,
    unique_voxels,
)


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
def test_one_place_has_one_index_in_every_space(on: Grid) -> None:
    indices = np.random.default_rng(0).uniform(0, 30, (40, 3))
    ras = on.to_ras(indices)
    lps = ras * (-1, -1, 1)
    assert np.array_equal(indices_in(on, indices, "voxel"), indices)
    assert np.allclose(indices_in(on, ras, "ras"), indices, atol=1e-9)
    assert np.allclose(indices_in(on, lps, "lps"), indices, atol=1e-9)


def test_ras_to_lps_is_its_own_inverse() -> None:
    points = np.array([[1.0, 2, 3]])
    assert apply_affine(RAS_TO_LPS, apply_affine(RAS_TO_LPS, points)).tolist() == points.tolist()


@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 3), min_size=1, max_size=30))
def test_unique_voxels_are_each_voxel_once_in_the_order_they_come(
    rows: list[tuple[float, float, float]],
) -> None:
    expected: dict[tuple[int, ...], None] = {}
    for row in rows:
        expected.setdefault(tuple(int(np.floor(v + 0.5)) for v in row))
    assert [tuple(v) for v in unique_voxels(np.array(rows)).tolist()] == list(expected)


def test_coordinates_are_a_copy_that_cannot_be_written() -> None:
    given_rows = np.zeros((2, 3))
    rows = coordinates("a scribble", given_rows, "rows")
    given_rows[:] = 7
    assert (rows == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        rows[0, 0] = 1


@pytest.mark.parametrize(
    "values",
    [
        None,
        "123",
        ("1", "2", "3"),
        (True, False, True),
        (1, 2),
        (1, 2, 3, 4),
        (1, 2, None),
        [[1, 2, 3], [4, 5]],
        [[[1, 2, 3]]],
        (1j, 2, 3),
        (10**400, 2, 3),
        {"i": 1, "j": 2, "k": 3},
        {1, 2, 3},
        (),
        np.zeros((0, 3)),
        np.array(5.0),
        object(),
        b"abc",
        [np.zeros((2, 2)), np.zeros((2, 2))],
    ],
)
def test_what_is_not_rows_of_three_numbers_is_refused_in_one_line(values: object) -> None:
    with pytest.raises(PromptError, match="a point needs three, got") as caught:
        coordinates("a point", values, "three")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e10])
def test_a_number_that_lies_nowhere_is_refused(bad: float) -> None:
    with pytest.raises(PromptError, match="finite numbers"):
        coordinates("a point", (1.0, bad, 3.0), "three")


@pytest.mark.parametrize("value", [True, 1, np.bool_(True), np.int64(1)])
def test_a_sign_is_true_or_false(value: object) -> None:
    assert sign("a point", value) is True


@pytest.mark.parametrize("value", ["false", "true", None, 2, -1, 0.0, [], np.ones(2)])
def test_anything_else_is_no_sign(value: object) -> None:
    with pytest.raises(PromptError, match="true or false"):
        sign("a point", value)


@pytest.mark.parametrize("axis", [3, -1, 1.0, "1", None, True, [1]])
def test_an_axis_is_0_1_or_2(axis: object) -> None:
    with pytest.raises(PromptError, match="a lasso's axis must be 0, 1 or 2"):
        check_axis("a lasso", axis)


def test_a_space_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(PromptError, match="voxel, ras, lps, got 'mm'"):
        check_space("mm")
