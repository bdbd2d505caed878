from pathlib import Path

import numpy as np
import pytest
from sheared import ALL_GRIDS

from voxclick.errors import GridMismatchError
from voxclick.geometry import Box, Grid
from voxclick.io.lattice import laid_out

BOX = Box((4, 6, 8), (12, 20, 11))
PATH = Path("part.seg.dcm")
on_all_grids = pytest.mark.parametrize("grid", ALL_GRIDS.values(), ids=ALL_GRIDS)


def part(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Labels in a box of the grid: those of the box, and of all."""
    whole = np.zeros(grid.shape, dtype=np.uint8)
    whole[BOX.slices] = np.random.default_rng(2).integers(0, 4, BOX.shape)
    return whole[BOX.slices], whole


@on_all_grids
def test_a_part_comes_to_lie_where_it_is(grid: Grid) -> None:
    array, whole = part(grid)
    np.testing.assert_array_equal(laid_out(array, grid.crop(BOX), grid, PATH), whole)


@on_all_grids
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_axes_may_be_turned_and_flipped(grid: Grid, order: tuple[int, int, int]) -> None:
    array, whole = part(grid)
    affine = grid.crop(BOX).affine[:, [*order, 3]].copy()
    turned = array.transpose(order)[::-1]
    affine[:, 3] += affine[:, 0] * (turned.shape[0] - 1)
    affine[:, 0] *= -1
    own = Grid(turned.shape, affine)
    np.testing.assert_array_equal(laid_out(turned, own, grid, PATH), whole)


@on_all_grids
def test_voxels_between_voxels_are_refused(grid: Grid) -> None:
    affine = grid.affine.copy()
    affine[:3, 3] += 0.3 * affine[:3, 1]
    array = np.ones(grid.shape, dtype=np.bool_)
    with pytest.raises(GridMismatchError, match=r"part\.seg\.dcm.*0\.30 voxels off"):
        laid_out(array, Grid(grid.shape, affine), grid, PATH)


@on_all_grids
def test_voxels_of_another_size_are_refused(grid: Grid) -> None:
    own = Grid((5, 5, 5), grid.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    with pytest.raises(GridMismatchError, match="mm, the image's"):
        laid_out(np.ones((5, 5, 5), dtype=np.bool_), own, grid, PATH)


@on_all_grids
def test_what_reaches_out_of_the_image_is_refused_and_empty_margins_are_not(grid: Grid) -> None:
    wide = Box((-2, 0, 0), (grid.shape[0], grid.shape[1], grid.shape[2] + 3))
    array = np.zeros(wide.shape, dtype=np.bool_)
    array[5, 5, 5] = True
    laid = laid_out(array, grid.crop(wide), grid, PATH)
    assert np.argwhere(laid).tolist() == [[3, 5, 5]]
    array[:2, 0, 0] = True
    with pytest.raises(GridMismatchError, match="2 of their voxels lie outside"):
        laid_out(array, grid.crop(wide), grid, PATH)
