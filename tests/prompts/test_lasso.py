import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from phantoms import rotation
from sheared import ALL_GRIDS

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.preprocess.view import window
from voxclick.prompts import Lasso

SQUARE = np.array([[10.0, 10, 5], [20, 10, 5], [20, 20, 5], [10, 20, 5]])
on_all_axes = pytest.mark.parametrize("axis", range(3))


def on_slice(corners: np.ndarray, axis: int, index: float) -> np.ndarray:
    return np.insert(corners, axis, index, axis=1)


def star(seed: int) -> np.ndarray:
    """A polygon with bays, whose corners lie between voxel centres."""
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, 9))
    radii = generator.uniform(3, 13, 9)
    return 15.03 + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def centres_inside(corners: np.ndarray) -> set[tuple[int, int]]:
    pixels = np.argwhere(np.ones((31, 31)))
    inside = Polygon(corners).contains_points(pixels)
    return {(int(a), int(b)) for a, b in pixels[inside]}


@on_all_axes
@pytest.mark.parametrize("seed", range(20))
def test_a_lasso_holds_the_voxel_centres_inside_the_polygon(seed: int, axis: int) -> None:
    corners = star(seed)
    voxels = Lasso(on_slice(corners, axis, 7), axis=axis).voxels()
    assert (voxels[:, axis] == 7).all()
    plane = np.delete(voxels, axis, axis=1)
    assert {(int(a), int(b)) for a, b in plane} == centres_inside(corners)
    assert len(np.unique(voxels, axis=0)) == len(voxels)


def test_a_lasso_that_crosses_itself_is_filled_by_the_even_odd_rule() -> None:
    bow = np.array([[10.5, 10.5, 5], [20.5, 20.5, 5], [20.5, 10.5, 5], [10.5, 20.5, 5]])
    plane = {tuple(v) for v in Lasso(bow).voxels()[:, :2].tolist()}
    assert {(11, 15), (12, 14), (20, 15), (19, 16)} <= plane
    assert not {(15, 11), (16, 20), (13, 19), (18, 12)} & plane
    assert len(plane) == pytest.approx(50, abs=8)


def test_the_direction_of_drawing_does_not_matter() -> None:
    there, back = Lasso(SQUARE).voxels(), Lasso(SQUARE[::-1]).voxels()
    assert sorted(there.tolist()) == sorted(back.tolist())
    assert len(there) == 100


@on_all_axes
def test_a_lasso_thinner_than_a_voxel_is_the_line_it_was_drawn_as(axis: int) -> None:
    corners = np.array([[10.2, 4.4], [10.3, 14.4], [10.2, 14.4]])
    voxels = np.delete(Lasso(on_slice(corners, axis, 3), axis=axis).voxels(), axis, axis=1)
    assert {tuple(v) for v in voxels.tolist()} == {(10, b) for b in range(4, 15)}


def test_a_lasso_on_one_spot_is_one_voxel() -> None:
    assert Lasso([[4, 5, 6]] * 3).voxels().tolist() == [[4, 5, 6]]


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
@on_all_axes
def test_a_lasso_marks_the_same_voxels_in_every_space(on: Grid, axis: int) -> None:
    vertices = on_slice(star(1), axis, 11)
    ras = on.to_ras(vertices)
    lassos = [Lasso(vertices, axis), Lasso(ras, axis, space="ras")]
    lassos.append(Lasso(ras * (-1, -1, 1), axis, space="lps"))
    voxels = [sorted(lasso.to_voxel(on).voxels().tolist()) for lasso in lassos]
    assert voxels[0] == voxels[1] == voxels[2]


@pytest.mark.parametrize("apart", [1, 2, 20])
@on_all_axes
def test_vertices_off_one_slice_are_refused(axis: int, apart: float) -> None:
    vertices = on_slice(star(0), axis, 5)
    vertices[3, axis] += apart
    with pytest.raises(PromptError, match=f"one slice of axis {axis}, got vertices {apart} voxels"):
        Lasso(vertices, axis)


def test_vertices_in_millimetres_off_one_slice_are_refused_in_the_volume() -> None:
    on = ALL_GRIDS["oblique"]
    vertices = on.to_ras(SQUARE)
    vertices[:, 2] = vertices[0, 2]
    lasso = Lasso(vertices, space="ras")
    with pytest.raises(PromptError, match="one slice"):
        lasso.to_voxel(on)


def test_rounding_across_the_slice_is_no_reason_to_refuse() -> None:
    vertices = SQUARE.copy()
    vertices[:, 2] = (4.6, 5.0, 5.05, 4.9)
    assert set(Lasso(vertices).voxels()[:, 2].tolist()) == {5}


def test_fewer_than_three_vertices_are_refused() -> None:
    with pytest.raises(PromptError, match="at least three vertices, got 2"):
        Lasso(SQUARE[:2])


@pytest.mark.parametrize("axis", [3, -1, 1.0, "2", None, True])
def test_another_axis_is_refused(axis: object) -> None:
    with pytest.raises(PromptError, match="axis must be 0, 1 or 2"):
        Lasso.from_json({"vertices": SQUARE.tolist(), "axis": axis}, "voxel")


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
@pytest.mark.parametrize("seed", range(8))
@on_all_axes
def test_what_lies_outside_the_slice_is_cut_off(axis: int, seed: int, on: Grid) -> None:
    depth = on.shape[axis] // 2
    corners = (star(seed) - 15) * 2.5 + np.random.default_rng(seed).uniform(0, 35, 2)
    lasso = Lasso(on_slice(corners, axis, depth), axis)
    everywhere = lasso.enclosed()
    expected = everywhere[on.contains(everywhere.astype(float))]
    assert len(expected)
    given = Lasso(on.to_ras(lasso.vertices), axis, space="ras")
    for cut in (lasso.to_voxel(on), given.to_voxel(on)):
        assert on.contains(cut.vertices).all()
        assert sorted(cut.voxels().tolist()) == sorted(expected.tolist())


def test_a_lasso_around_the_whole_slice_holds_all_of_it() -> None:
    on = ALL_GRIDS["straight"]
    far = np.array([[-5e8, -5e8, 5], [5e8, -5e8, 5], [5e8, 5e8, 5], [-5e8, 5e8, 5]])
    assert len(Lasso(far).to_voxel(on).voxels()) == on.shape[0] * on.shape[1]


def test_a_thin_lasso_that_leaves_the_slice_is_the_line_in_it() -> None:
    corners = np.array([[3.2, 2.4, 5], [3.3, -9.4, 5], [3.2, -9.4, 5]])
    voxels = Lasso(corners).to_voxel(ALL_GRIDS["straight"]).voxels()
    assert sorted(voxels.tolist()) == [[3, 0, 5], [3, 1, 5], [3, 2, 5]]


AROUND = [[-9, -9], [60, -9], [60, 60], [55, 60], [55, -4], [-9, -4]]


@pytest.mark.parametrize(
    "vertices",
    [SQUARE + np.array((0, 60, 0)), SQUARE * (1, 1, -1), [[*corner, 5] for corner in AROUND]],
    ids=["beside", "below", "bent around it"],
)
def test_a_lasso_outside_the_volume_is_refused(vertices) -> None:
    with pytest.raises(PromptError, match=r"a lasso must lie inside .* got \("):
        Lasso(vertices).to_voxel(ALL_GRIDS["straight"])


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
@on_all_axes
def test_a_lasso_moved_to_a_view_covers_the_same_place(on: Grid, axis: int) -> None:
    view = window(on, tuple(s / 2 for s in on.spacing_mm), (64, 64, 64), (15.0, 15.0, 15.0))
    lasso = Lasso(on_slice(star(2), axis, 11), axis)
    moved = lasso.moved(on.index_map(view))
    assert moved.axis == axis
    away = view.index_map(on)
    back = moved.voxels() @ away[:3, :3].T + away[:3, 3]
    held = {tuple(v) for v in lasso.voxels().tolist()}
    landed = [tuple(v) in held for v in np.floor(back + 0.5).astype(int).tolist()]
    assert np.mean(landed) > 0.85


def test_a_lasso_that_rounding_bent_stays_on_one_slice_of_a_finer_view() -> None:
    vertices = SQUARE.copy()
    vertices[0, 2] = 5.4
    assert set(Lasso(vertices).moved(np.diag([4.0, 4, 4, 1])).voxels()[:, 2].tolist()) == {20}


@on_all_axes
def test_a_lasso_follows_its_axis_into_a_permuted_grid(axis: int) -> None:
    quarter = np.eye(4)
    quarter[:3, :3] = np.round(rotation(90, 0))
    moved = Lasso(on_slice(star(0), axis, 5), axis).moved(quarter)
    assert moved.axis == (0, 2, 1)[axis]


def test_a_lasso_comes_back_from_json_the_same() -> None:
    lasso = Lasso(on_slice(star(3), 1, 4), 1, positive=False)
    back = Lasso.from_json(lasso.to_json(), "voxel")
    assert np.array_equal(back.vertices, lasso.vertices)
    assert (back.axis, back.positive) == (1, False)
