from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from phantoms import GRIDS
from sheared import ALL_GRIDS

from voxclick.geometry import Box, Grid
from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.preprocess import View

SPEC = Spec("any", frozenset({"point"}), patch=(24, 20, 16), spacings_mm=(1.5, 3.0, 6.0))
WHOLE = Spec("whole", frozenset({"point"}), whole_mm=(1.5, 2.0, 3.0))
FIXED = Spec("fixed", frozenset({"point"}), patch=(32, 32, 32), fixed_patch=True)

shapes = st.tuples(*[st.sampled_from([1, 2, 5, 31, 64, 130, 300])] * 3)
spacings = st.tuples(*[st.sampled_from([0.05, 0.45, 0.8, 1.0, 1.5, 3.0, 6.5])] * 3)


def scan(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Grid:
    return Grid(shape, np.diag([*spacing, 1.0]))


def seen(native: Grid, grid: Grid) -> View:
    return View(native, grid, torch.empty(0, 0, 0))


def faces(native: Grid, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The outer faces of a view in native indices."""
    first = native.to_voxel(grid.to_ras(np.array([[-0.5, -0.5, -0.5]])))[0]
    last = native.to_voxel(grid.to_ras(np.array([grid.shape], dtype=np.float64) - 0.5))[0]
    return first, last


@given(shapes, spacings, st.integers(0, 2), st.tuples(*[st.floats(0, 1)] * 3))
def test_a_window_lies_in_the_volume_or_covers_it(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    level: int,
    part: tuple[float, float, float],
) -> None:
    native = scan(shape, spacing)
    voxel = tuple(int(p * (n - 1)) for p, n in zip(part, shape, strict=True))
    window = SPEC.look(native, Box(voxel, tuple(v + 1 for v in voxel)), level)
    first, last = faces(native, window)
    for axis in range(3):
        within = first[axis] >= -0.5 - 1e-6 and last[axis] <= shape[axis] - 0.5 + 1e-6
        covers = first[axis] <= -0.5 + 1e-6 and last[axis] >= shape[axis] - 0.5 - 1e-6
        assert within or covers
        assert window.shape[axis] <= SPEC.patch[axis]
    view = seen(native, window)
    assert view.box.contains(voxel)
    assert view.inside == window.box


@given(shapes, spacings, st.integers(0, 2), st.data())
def test_a_focus_that_fits_is_covered_whole(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    level: int,
    data: st.DataObject,
) -> None:
    native = scan(shape, spacing)
    ends = [sorted(data.draw(st.tuples(*[st.integers(0, n)] * 2))) for n in shape]
    focus = Box(tuple(a for a, _ in ends), tuple(max(b, a + 1) for a, b in ends))
    focus = focus.intersection(native.box)
    reach = np.array(SPEC.spacing_mm(native, level)) * SPEC.patch / native.spacing_mm
    if focus.empty or (np.array(focus.shape) > reach - 1).any():
        return
    assert seen(native, SPEC.look(native, focus, level)).box.intersection(focus) == focus


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
def test_a_window_shares_the_axes_of_the_volume(on: Grid) -> None:
    window = SPEC.look(on, Box((12, 9, 20), (15, 12, 22)), 0)
    assert window.orientation == on.orientation
    to_native = window.index_map(on)[:3, :3]
    assert np.allclose(to_native, np.diag(np.diag(to_native)))
    assert (np.diag(to_native) > 0).all()


def test_a_window_in_the_middle_is_centred_on_the_focus() -> None:
    native = scan((200, 200, 200), (1, 1, 1))
    window = SPEC.look(native, Box((90, 100, 110), (101, 111, 121)), 0)
    middle = window.to_ras((np.array([window.shape]) - 1) / 2)[0]
    assert middle.tolist() == [95, 105, 115]


def test_no_view_is_finer_than_the_volume() -> None:
    assert SPEC.spacing_mm(scan((90, 90, 9), (0.8, 0.8, 5.0)), 0) == (1.5, 1.5, 5.0)
    assert SPEC.spacing_mm(scan((90, 90, 9), (2.0, 2.0, 2.5)), 0) == (2.0, 2.0, 2.5)


def test_a_volume_that_a_view_can_hold_is_seen_as_fine_as_it_is() -> None:
    assert SPEC.spacing_mm(scan((24, 20, 9), (0.8, 0.8, 5.0)), 0) == (0.8, 0.8, 5.0)
    assert SPEC.spacing_mm(scan((30, 9, 9), (1.0, 1.0, 1.0)), 0) == (1.25, 1.25, 1.25)
    assert FIXED.spacing_mm(scan((9, 9, 9), (0.8, 0.8, 5.0)), 0) == (1.5, 1.5, 1.5)


def test_small_voxels_get_small_views() -> None:
    tiny = scan((300, 300, 300), (0.1, 0.1, 0.1))
    assert SPEC.spacing_mm(tiny, 0) == pytest.approx((0.2, 0.2, 0.2))
    assert SPEC.spacing_mm(tiny, 1) == pytest.approx((0.4, 0.4, 0.4))


def test_views_shrink_along_thick_slices() -> None:
    thick = scan((300, 300, 10), (0.8, 0.8, 5.0))
    assert SPEC.look(thick, Box((50, 50, 5), (51, 51, 6)), 0).shape == (24, 20, 10)


def test_views_shrink_to_a_small_volume() -> None:
    assert SPEC.look(scan((9, 12, 1), (1.5, 1.5, 1.5)), Box((0, 0, 0), (1, 1, 1)), 0).shape == (
        9,
        12,
        1,
    )


@given(shapes, spacings)
def test_the_last_level_sees_the_whole_volume_and_no_level_before_does(
    shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    native = scan(shape, spacing)
    for spec in (SPEC, FIXED):
        levels = spec.levels(native)
        covers = []
        for level in range(levels):
            first, last = faces(native, spec.look(native, native.box, level))
            covers.append((first < -0.499).all() and (last > np.array(shape) - 0.501).all())
        assert covers[-1]
        assert not any(covers[:-1])


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((512, 512, 1000), (1.0, 1.0, 1.0)),
        ((512, 512, 1000), (0.7, 0.7, 1.0)),
        ((3000, 2000, 5), (0.01, 0.01, 4.0)),
        ((1, 1, 2000), (1.0, 1.0, 1.0)),
    ],
)
def test_the_longest_scan_has_a_level_that_sees_it_whole(
    shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    native = scan(shape, spacing)
    spec = Spec("default", frozenset())
    window = spec.look(native, native.box, spec.levels(native) - 1)
    assert seen(native, window).box == native.box


def test_levels_only_get_coarser() -> None:
    for shape, spacing in product([(64, 64, 64), (512, 512, 1000)], [(1, 1, 1), (0.5, 0.5, 6)]):
        native = scan(shape, spacing)
        steps = [SPEC.spacing_mm(native, level) for level in range(3)]
        assert all(np.all(np.array(a) <= b) for a, b in pairwise(steps))


@given(shapes, spacings, st.integers(0, 3))
def test_a_fixed_patch_has_its_shape_and_is_isotropic_on_every_volume(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], level: int
) -> None:
    native = scan(shape, spacing)
    last = Box(tuple(n - 1 for n in shape), shape)
    window = FIXED.look(native, last, level)
    assert window.shape == (32, 32, 32)
    assert np.ptp(window.spacing_mm) < 1e-6
    assert seen(native, window).box.contains(last.start)


def test_a_fixed_patch_may_be_finer_than_thick_slices() -> None:
    assert FIXED.spacing_mm(scan((300, 300, 50), (0.8, 0.8, 5.0)), 0) == (1.5, 1.5, 1.5)


@given(shapes, spacings)
def test_a_whole_view_covers_the_volume_once_at_the_spacing_it_asks_for(
    shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    native = scan(shape, spacing)
    window = WHOLE.look(native, Box((0, 0, 0), (1, 1, 1)), 0)
    assert np.allclose(window.spacing_mm, (1.5, 2.0, 3.0))
    assert seen(native, window).box == native.box
    assert WHOLE.levels(native) == 1
    over = np.array(window.spacing_mm) * window.shape - np.array(spacing) * shape
    assert np.all(over < np.array(window.spacing_mm) + 1e-6)


def test_a_whole_view_has_its_spacings_along_the_patients_axes() -> None:
    turned = GRIDS["permuted"]
    assert turned.orientation == "PSR"
    spacing = WHOLE.look(turned, Box((0, 0, 0), (1, 1, 1)), 0).spacing_mm
    assert np.allclose(spacing, (2.0, 3.0, 1.5))


def test_the_seam_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Segmenter()
    with pytest.raises(TypeError, match="abstract"):
        Embedding()
