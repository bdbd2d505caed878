import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sheared import ALL_GRIDS

from voxclick.geometry import Box, Grid
from voxclick.geometry.grid import apply_affine, nearest_voxel
from voxclick.preprocess import View
from voxclick.preprocess.view import window
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Scribble
from voxclick.volume import Mask, Volume

CPU = torch.device("cpu")
MIDDLE = (19.5, 17.5, 15.5)
on_all_grids = pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
STRAIGHT = ALL_GRIDS["straight"]


def indices(on: Grid) -> np.ndarray:
    return np.argwhere(np.ones(on.shape)).astype(np.float64)


def ramp(on: Grid) -> Volume:
    """Intensity grows steadily along one direction in the patient."""
    ras = on.to_ras(indices(on))
    return Volume((ras @ (2.0, -1.0, 0.5) + 30).reshape(on.shape), on)


def smooth(on: Grid) -> np.ndarray:
    i, j, k = np.meshgrid(*[np.arange(n) for n in on.shape], indexing="ij")
    return (3 * np.sin(i / 7) + 2 * np.cos(j / 6) - np.sin(k / 8)).astype(np.float32)


def inner(view: View, beyond: float) -> np.ndarray:
    """View indices whose place lies at least so many native voxels inside the volume."""
    seen = apply_affine(view.grid.index_map(view.native), indices(view.grid))
    deep = np.all((seen >= beyond) & (seen <= np.array(view.native.shape) - 1 - beyond), axis=1)
    return deep.reshape(view.grid.shape)


def a_view(on: Grid, grid: Grid) -> View:
    return View.of(Volume(np.zeros(on.shape, dtype=np.uint8), on), grid)


# reading


@on_all_grids
@pytest.mark.parametrize("dtype", ["i2", "u1", "f4", ">i2"])
def test_a_view_at_native_spacing_is_the_array_exactly(on: Grid, dtype: str) -> None:
    array = np.random.default_rng(0).integers(0, 250, on.shape).astype(dtype)
    array[:, :, ::2] = 0
    view = View.of(Volume(array, on), on)
    assert np.array_equal(view.image.numpy(), array.astype(np.float32))


@on_all_grids
def test_a_crop_at_native_spacing_is_the_crop_of_the_array_exactly(on: Grid) -> None:
    array = np.random.default_rng(0).normal(0, 1000, on.shape).astype(np.float32)
    view = View.of(Volume(array, on), window(on, on.spacing_mm, (8, 9, 10), (19.5, 18, 15.5)))
    assert np.array_equal(view.image.numpy(), array[16:24, 14:23, 11:21])
    assert view.box == Box((16, 14, 11), (24, 23, 21))


@on_all_grids
@pytest.mark.parametrize("factor", [0.4, 0.77, 1.0, 1.3, 1.5, 2.0, 2.6, 4.3])
def test_a_ramp_reads_as_the_same_ramp_at_every_spacing(on: Grid, factor: float) -> None:
    spacing = tuple(factor * s for s in on.spacing_mm)
    view = View.of(ramp(on), window(on, spacing, (12, 12, 12), (19.23, 17.91, 15.4)))
    deep = inner(view, max(factor, 1.0) + 0.01)
    assert deep.any()
    expected = view.grid.to_ras(indices(view.grid)) @ (2.0, -1.0, 0.5) + 30
    read = view.image.numpy()[deep]
    assert np.allclose(read, expected.reshape(view.grid.shape)[deep], atol=2e-4)


@on_all_grids
def test_a_checkerboard_reads_as_its_mean_four_times_coarser(on: Grid) -> None:
    board = np.indices(on.shape).sum(axis=0) % 2 * 100
    spacing = tuple(4 * s for s in on.spacing_mm)
    view = View.of(Volume(board.astype(np.int16), on), window(on, spacing, (8, 8, 6), MIDDLE))
    deep = inner(view, 4)
    assert deep.any()
    assert np.allclose(view.image.numpy()[deep], 50, atol=0.5)


def test_beyond_the_volume_its_border_is_repeated() -> None:
    array = np.arange(np.prod(STRAIGHT.shape)).reshape(STRAIGHT.shape)
    view = View.of(Volume(array, STRAIGHT), window(STRAIGHT, (1, 1, 1), (50, 46, 42), MIDDLE))
    expected = np.pad(array, 5, mode="edge")
    assert np.array_equal(view.image.numpy(), expected.astype(np.float32))


def test_a_view_wholly_beyond_the_volume_sees_the_border_and_holds_nothing() -> None:
    array = np.full(STRAIGHT.shape, 7, dtype=np.uint8)
    far = window(STRAIGHT, (1, 1, 1), (4, 4, 4), (90, 90, -90))
    view = View.of(Volume(array, STRAIGHT), far)
    assert (view.image == 7).all()
    assert view.box.empty
    assert view.inside.empty
    assert view.native_box(far.box).empty
    assert view.restore(torch.ones(4, 4, 4)).logits.numel() == 0
    assert view.take([Point((5, 5, 5)), BoxPrompt((1, 1, 1), (9, 9, 9))]) == []


def test_a_mask_reads_as_the_part_of_each_view_voxel_that_it_fills() -> None:
    array = np.zeros(STRAIGHT.shape, dtype=np.bool_)
    array[:20] = True
    view = a_view(STRAIGHT, window(STRAIGHT, (2, 2, 2), (20, 18, 16), MIDDLE))
    read = view.read(array, CPU).numpy()
    assert (read[:9] == 1).all()
    assert (read[11:] == 0).all()
    assert read.sum() * 8 == pytest.approx(array.sum(), rel=0.01)


# what it covers


def on_a_face(places: np.ndarray) -> bool:
    """Whether a place is as near to one voxel as to the next, so that rounding decides."""
    return bool((np.abs(places - np.floor(places) - 0.5) < 1e-5).any())


@on_all_grids
@settings(max_examples=20)
@given(
    st.tuples(*[st.floats(0.3, 5)] * 3),
    st.tuples(*[st.integers(1, 24)] * 3),
    st.tuples(*[st.floats(-6, 42)] * 3),
)
def test_the_box_holds_the_native_voxels_whose_centre_is_in_the_view(
    on: Grid,
    factor: tuple[float, float, float],
    shape: tuple[int, int, int],
    centre: tuple[float, float, float],
) -> None:
    spacing = tuple(f * s for f, s in zip(factor, on.spacing_mm, strict=True))
    grid = window(on, spacing, shape, centre)
    view = View(on, grid, torch.zeros(shape))
    seen = apply_affine(on.index_map(grid), indices(on))
    centres = apply_affine(grid.index_map(on), indices(grid))
    assume(not on_a_face(seen) and not on_a_face(centres))
    held = Box.of_mask(grid.contains(seen).reshape(on.shape))
    assert view.box == held or (view.box.empty and held.empty)
    assert view.inside == Box.of_mask(on.contains(centres).reshape(shape))
    assert view.native_box(grid.box).voxels == view.box.voxels


@on_all_grids
def test_neighbouring_view_voxels_share_the_native_voxels_between_them(on: Grid) -> None:
    view = a_view(on, window(on, tuple(2.3 * s for s in on.spacing_mm), (10, 10, 10), MIDDLE))
    parts = [view.native_box(Box((i, 0, 0), (i + 1, 10, 10))) for i in range(10)]
    assert sum(p.voxels for p in parts) == view.box.voxels
    assert all(a.stop[0] == b.start[0] for a, b in pairwise(parts))


@on_all_grids
def test_the_step_is_native_voxels_per_view_voxel(on: Grid) -> None:
    view = a_view(on, window(on, (2.0, 3.0, 4.0), (5, 5, 5), MIDDLE))
    assert view.step == pytest.approx(np.array([2.0, 3.0, 4.0]) / on.spacing_mm)


# back to native voxels


@on_all_grids
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.7, 3.0])
def test_a_smooth_field_comes_back_as_it_was(on: Grid, factor: float) -> None:
    shape = tuple(int(np.ceil(n / factor)) + 4 for n in on.shape)
    spacing = tuple(factor * s for s in on.spacing_mm)
    view = a_view(on, window(on, spacing, shape, MIDDLE))
    patch = view.restore(view.read(smooth(on), CPU))
    assert patch.box == on.box
    tolerance = 1e-5 if factor == 1.0 else 0.03 * factor**2 + 0.01
    off = np.abs(patch.logits.numpy() - smooth(on))
    deep = (slice(4, -4),) * 3
    assert off[deep].max() < tolerance
    assert off.mean() < tolerance


@on_all_grids
def test_a_part_comes_back_as_that_part_of_the_whole(on: Grid) -> None:
    view = a_view(on, window(on, (2.0, 2.1, 3.5), (10, 11, 9), MIDDLE))
    logits = torch.from_numpy(np.random.default_rng(3).normal(size=(10, 11, 9)).astype(np.float32))
    whole = view.restore(logits)
    part = view.restore(logits, Box((18, 10, 0), (30, 20, 90)))
    assert part.box == whole.box.intersection(Box((18, 10, 0), (30, 20, 90)))
    local = part.box.shifted(tuple(-v for v in whole.box.start))
    assert torch.allclose(part.logits, whole.logits[local.slices], atol=1e-6)


def test_nothing_comes_back_for_a_part_outside_the_view() -> None:
    view = a_view(STRAIGHT, window(STRAIGHT, (1, 1, 1), (8, 8, 8), (10.5, 10.5, 10.5)))
    patch = view.restore(torch.ones(8, 8, 8), Box((30, 30, 30), (35, 35, 32)))
    assert patch.box.empty
    assert patch.logits.shape == (0, 0, 0)


# prompts


@on_all_grids
@given(st.tuples(*[st.integers(12, 27)] * 3), st.floats(0.4, 3))
def test_a_prompt_lands_on_the_view_voxel_that_holds_its_place(
    on: Grid, voxel: tuple[int, int, int], factor: float
) -> None:
    spacing = tuple(factor * s for s in on.spacing_mm)
    view = View(on, window(on, spacing, (64, 64, 64), (19.3, 17.7, 15.1)), torch.empty(0, 0, 0))
    place = view.grid.to_voxel(on.to_ras(np.array([voxel], dtype=np.float64)))
    assume(not on_a_face(place))
    expected = nearest_voxel(place)
    point = Point(voxel, positive=False)
    stroke = Scribble(np.array([voxel]))
    mark = BoxPrompt(voxel, tuple(v + 1 for v in voxel))
    taken = view.take([point, stroke, mark])
    assert [p.kind for p in taken] == ["point", "scribble", "box"]
    assert taken[0].voxels().tolist() == taken[1].voxels().tolist() == expected.tolist()
    assert [p.positive for p in taken] == [False, True, True]
    if factor >= 1:
        assert taken[2].voxels().tolist() == expected.tolist()
    else:
        assert expected.tolist()[0] in taken[2].voxels().tolist()


def near_view() -> View:
    return a_view(STRAIGHT, window(STRAIGHT, (1, 1, 1), (8, 8, 8), (13.5, 13.5, 13.5)))


def test_prompts_that_do_not_reach_into_the_view_are_left_out() -> None:
    out = [
        Point((9, 12, 12)),
        Scribble([[1, 2, 3], [18, 13, 13]]),
        BoxPrompt((0, 0, 0), (10, 40, 40)),
        Lasso([[0, 0, 12], [5, 0, 12], [0, 5, 12]]),
        Lasso([[10, 10, 5], [17, 10, 5], [10, 17, 5]]),
    ]
    assert near_view().take(out) == []


def test_a_scribble_keeps_its_part_inside() -> None:
    (stroke,) = near_view().take([Scribble([[9, 12, 12], [10, 12, 12], [17, 17, 17], [18, 1, 1]])])
    assert stroke.voxels().tolist() == [[0, 2, 2], [7, 7, 7]]


def test_a_box_and_a_lasso_that_reach_beyond_the_view_stay_whole() -> None:
    lasso = Lasso([[5, 5, 12], [30, 5, 12], [5, 30, 12]])
    box, drawn = near_view().take([BoxPrompt((2, 3, 4), (30, 31, 11)), lasso])
    assert box.region == Box((-8, -7, -6), (20, 21, 1))
    assert drawn.voxels().min() < 0


@on_all_grids
def test_a_mask_on_slices_becomes_strokes_in_the_view(on: Grid) -> None:
    array = np.zeros(on.shape, dtype=np.bool_)
    array[12:16, 12:16, 13] = True
    grid = window(on, on.spacing_mm, (8, 8, 8), (13.5, 13.5, 13.5))
    inside, outside = a_view(on, grid).take([MaskPrompt(Mask(array, on), 2, (13,))])
    assert inside.positive
    assert sorted(inside.voxels().tolist()) == [[i, j, 3] for i in range(2, 6) for j in range(2, 6)]
    assert not outside.positive
    assert set(outside.voxels()[:, 2].tolist()) == {3}
    assert len(outside.voxels()) == 64 - 16


def test_a_whole_mask_is_no_stroke() -> None:
    assert near_view().take([MaskPrompt(Mask(np.ones(STRAIGHT.shape, dtype=bool), STRAIGHT))]) == []


# thin volumes


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 7.3])
def test_a_volume_of_one_slice_is_read_and_restored(axis: int, factor: float) -> None:
    shape = [12, 13, 14]
    shape[axis] = 1
    on = Grid(tuple(shape), np.diag([1.0, 1.2, 0.8, 1.0]))
    array = np.random.default_rng(0).integers(0, 99, shape).astype(np.int16)
    spacing = tuple(factor * s for s in on.spacing_mm)
    size = tuple(int(np.ceil(n / factor)) for n in shape)
    centre = tuple((n - 1) / 2 for n in shape)
    view = View.of(Volume(array, on), window(on, spacing, size, centre))
    assert torch.isfinite(view.image).all()
    patch = view.restore(view.image)
    assert patch.box == on.box
    assert tuple(patch.logits.shape) == on.shape
    (point,) = view.take([Point((0, 0, 0))])
    assert view.grid.contains(point.voxels().astype(np.float64)).all()


def test_a_coarse_view_beside_one_thin_slice_holds_no_voxel_inside() -> None:
    on = Grid((20, 20, 1), np.diag([1.0, 1.0, 0.5, 1.0]))
    view = View.of(
        Volume(np.ones(on.shape, dtype=np.uint8), on), window(on, (2, 2, 2), (8, 8, 8), (10, 10, 0))
    )
    assert (view.image == 1).all()
    assert view.inside.empty
    assert view.restore(torch.ones(8, 8, 8)).box.shape[2] == 1


# memory

WIDE = """
import resource, numpy as np, torch
from voxclick.geometry import Grid
from voxclick.preprocess import View
from voxclick.preprocess.view import window
from voxclick.volume import Volume
n = 400
volume = Volume(np.ones((n, n, n), dtype=np.uint8, order={order!r}), Grid((n, n, n), np.eye(4)))
View.of(volume, window(volume.grid, (6.25,) * 3, (8, 8, 8), (25.0,) * 3))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
view = View.of(volume, window(volume.grid, (6.25,) * 3, (64, 64, 64), (199.5,) * 3))
assert torch.allclose(view.image, torch.ones(64, 64, 64))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is told on POSIX only")
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_wide_view_of_a_large_volume_makes_no_float_copy_of_it(order: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WIDE.format(order=order)], capture_output=True, text=True, check=True
    )
    float_copy_mib = 400**3 * 4 >> 20
    assert int(told.stdout) < float_copy_mib
