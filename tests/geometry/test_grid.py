import dataclasses

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phantoms import GRIDS, SHAPE, grid, rotation
from sheared import ALL_GRIDS

from voxclick.errors import GridError
from voxclick.geometry import Box, Grid
from voxclick.geometry.grid import apply_affine, nearest_voxel

on_all_grids = pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)


def random_affine(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turned * generator.uniform(0.3, 6, 3)
    if seed % 3 == 0:
        affine[:3, :3] = affine[:3, :3] @ (np.eye(3) + np.triu(generator.normal(0, 0.3, (3, 3)), 1))
    affine[:3, 3] = generator.uniform(-300, 300, 3)
    return affine


@on_all_grids
def test_indices_go_to_millimetres_and_back(on: Grid) -> None:
    indices = np.random.default_rng(0).uniform(-50, 90, (200, 3))
    assert np.allclose(on.to_voxel(on.to_ras(indices)), indices, atol=1e-9)
    assert np.allclose(on.to_ras(on.to_voxel(indices)), indices, atol=1e-9)


@on_all_grids
def test_an_index_lies_where_nibabel_says(on: Grid) -> None:
    indices = np.random.default_rng(1).uniform(-50, 90, (50, 3))
    assert np.allclose(on.to_ras(indices), nibabel.affines.apply_affine(on.affine, indices))


@on_all_grids
def test_spacing_and_volume_are_those_of_the_affine(on: Grid) -> None:
    ends = on.to_ras(np.vstack([np.zeros((1, 3)), np.eye(3)]))
    steps = ends[1:] - ends[0]
    assert np.allclose(on.spacing_mm, np.linalg.norm(steps, axis=1))
    assert on.spacing_mm == pytest.approx(nibabel.affines.voxel_sizes(on.affine))
    spanned = abs(np.dot(np.cross(steps[0], steps[1]), steps[2]))
    assert on.voxel_volume_mm3 == pytest.approx(spanned)


@on_all_grids
def test_orientation_of_the_grids_is_nibabels(on: Grid) -> None:
    assert on.orientation == "".join(nibabel.aff2axcodes(on.affine))


@pytest.mark.parametrize("seed", range(200))
def test_orientation_of_any_affine_is_nibabels(seed: int) -> None:
    affine = random_affine(seed)
    assert Grid(SHAPE, affine).orientation == "".join(nibabel.aff2axcodes(affine))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("degrees", [-135, -45, 45, 135])
def test_orientation_halfway_between_two_axes_is_nibabels(degrees: float, axis: int) -> None:
    on = grid((1.0, 1.0, 2.5), rotation(degrees, axis))
    assert on.orientation == "".join(nibabel.aff2axcodes(on.affine))


def test_orientation_halfway_between_three_axes_names_each_axis_once() -> None:
    on = grid((1.0, 1.0, 1.0), rotation(45, 0) @ rotation(45, 1) @ rotation(45, 2))
    pairs = [on.orientation.translate(str.maketrans("LPI", "RAS"))]
    assert sorted(pairs[0]) == ["A", "R", "S"]


def test_orientation_of_the_flipped_grid_is_lps() -> None:
    assert GRIDS["flipped"].orientation == "LPS"
    assert GRIDS["straight"].orientation == "RAS"
    assert GRIDS["permuted"].orientation == "PSR"


@on_all_grids
def test_a_crop_keeps_its_place_in_the_patient(on: Grid) -> None:
    box = Box((3, 5, 7), (13, 9, 30))
    part = on.crop(box)
    assert part.shape == (10, 4, 23)
    inner = np.array([[0.0, 0, 0], [9, 3, 22]])
    assert np.allclose(part.to_ras(inner), on.to_ras(inner + np.array(box.start)))


@on_all_grids
def test_an_index_map_agrees_with_the_way_through_millimetres(on: Grid) -> None:
    indices = np.random.default_rng(2).uniform(-5, 45, (20, 3))
    for other in ALL_GRIDS.values():
        mapped = apply_affine(on.index_map(other), indices)
        assert np.allclose(mapped, other.to_voxel(on.to_ras(indices)), atol=1e-9)


@given(st.tuples(*[st.floats(-3, 45)] * 3))
def test_contains_agrees_with_the_voxel_that_the_index_falls_into(
    index: tuple[float, float, float],
) -> None:
    on = GRIDS["oblique"]
    voxel = tuple(int(v) for v in nearest_voxel(np.array([index]))[0])
    assert bool(on.contains(np.array([index]))[0]) == on.box.contains(voxel)


def test_a_voxel_owns_its_lower_face_and_not_its_upper() -> None:
    faces = np.array([[-0.5, -0.5, -0.5], [39.49, 35.49, 31.49], [39.5, 0, 0], [0, 0, -0.51]])
    assert GRIDS["straight"].contains(faces).tolist() == [True, True, False, False]


def test_an_index_beyond_all_integers_is_outside_and_not_a_warning() -> None:
    far = np.array([[1e300, 0, 0], [-1e300, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0]])
    assert not GRIDS["straight"].contains(far).any()


@on_all_grids
def test_a_grid_matches_itself_after_rounding_to_float32(on: Grid) -> None:
    stored = Grid(on.shape, on.affine.astype(np.float32))
    assert on.matches(stored)
    assert stored.matches(on)


@on_all_grids
def test_a_grid_half_a_voxel_away_does_not_match(on: Grid) -> None:
    moved = on.affine.copy()
    moved[:3, 3] += moved[:3, 0] / 2
    assert not on.matches(Grid(on.shape, moved))


@on_all_grids
def test_a_grid_turned_about_its_own_middle_does_not_match(on: Grid) -> None:
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = on.shape[0] - 1
    assert not on.matches(Grid(on.shape, on.affine @ flip))


def test_grids_of_other_shapes_do_not_match() -> None:
    on = GRIDS["straight"]
    assert not on.matches(Grid((40, 36, 31), on.affine))


def test_a_grid_keeps_its_own_affine() -> None:
    affine = np.eye(4)
    on = Grid(SHAPE, affine)
    affine[0, 0] = 9
    assert on.affine[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        on.affine[0, 0] = 9
    with pytest.raises(dataclasses.FrozenInstanceError):
        on.shape = (1, 1, 1)  # type: ignore[misc]


ZERO_SPACING = np.diag([1.0, 0.0, 1.0, 1.0])
SINGULAR = np.eye(4)
SINGULAR[:3, 1] = SINGULAR[:3, 0]
NAN = np.eye(4)
NAN[0, 0] = np.nan
PROJECTIVE = np.eye(4)
PROJECTIVE[3, 0] = 0.5


@pytest.mark.parametrize(
    ("affine", "told"),
    [
        (ZERO_SPACING, "0.0"),
        (SINGULAR, "parallel"),
        (np.diag([1e300, 1e300, 1e300, 1]), "1e\\+300"),
        (np.diag([1e-300, 1, 1, 1]), "1e-300"),
        (NAN, "nan"),
        (PROJECTIVE, "0.5"),
        (np.eye(3), "4 x 4"),
        ([[1, 0], [0]], "4 x 4"),
        ("identity", "identity"),
        (None, "nan"),
        (np.full((4, 4), 10**400, dtype=object), "finite"),
    ],
)
def test_an_affine_that_maps_no_space_is_refused_in_one_line(affine: object, told: str) -> None:
    with pytest.raises(GridError, match=told) as caught:
        Grid(SHAPE, affine)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "shape",
    [(4, 4), (4, 4, 4, 4), (4, 0, 4), (4, -1, 4), (), (1.5, 2, 3), "abc", None, (None,) * 3],
)
def test_a_shape_that_is_not_three_positive_numbers_is_refused(shape: object) -> None:
    with pytest.raises(GridError, match="shape") as caught:
        Grid(shape, np.eye(4))
    assert "\n" not in str(caught.value)
    assert "got" in str(caught.value)


def test_a_very_thin_spacing_is_a_grid() -> None:
    assert Grid((1, 1, 1), np.diag([1e-6, 1e-6, 1e-6, 1])).spacing_mm == (1e-6, 1e-6, 1e-6)
