"""Masks and label maps of a part of an image, laid out on all of it, voxel on voxel."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Integer

from voxclick.errors import GridMismatchError
from voxclick.geometry import Box, Grid
from voxclick.types import Array

LARGEST_OFFSET = 0.05
"""In voxels; what rounding in headers explains."""


def laid_out(
    array: Integer[Array, "i j k"] | Bool[Array, "i j k"], own: Grid, grid: Grid, path: Path
) -> Array:
    """The array on another grid, zero where it does not reach.

    The axes of `grid` may be in another order or direction (as converters to NIfTI leave them),
    but voxel must lie on voxel.

    Args:
        array: A mask or label numbers.
        own: The grid that it lies on.
        grid: The grid of the image.
        path: Where it was read, for messages.

    Raises:
        GridMismatchError: If voxels do not fall on voxels, or one above 0 lies outside the grid.
    """
    turned, covered = _turned(array, own, grid, path)
    inside = covered.intersection(grid.box)
    first = covered.start
    kept = turned[inside.shifted((-first[0], -first[1], -first[2])).slices]
    lost = np.count_nonzero(turned) - np.count_nonzero(kept)
    if lost:
        raise GridMismatchError(
            f"the segments of {path} must lie inside the image of {grid.shape} voxels, {lost} of "
            "their voxels lie outside; open the image that was segmented"
        )
    laid = np.zeros(grid.shape, dtype=array.dtype)
    laid[inside.slices] = kept
    return laid


def _turned(array: Array, own: Grid, grid: Grid, path: Path) -> tuple[Array, Box]:
    """The array with the axes of the grid, and the box of the grid that it covers."""
    across = own.index_map(grid)
    turn, start = np.rint(across[:3, :3]), np.rint(across[:3, 3])
    aligned = np.eye(4)
    aligned[:3, :3], aligned[:3, 3] = turn, start
    corners = np.column_stack([own.corners(), np.ones(8)])
    off = float(np.abs(corners @ (across - aligned).T).max())
    permutes = (np.abs(turn).sum(axis=0) == 1).all() and (np.abs(turn).sum(axis=1) == 1).all()
    if off > LARGEST_OFFSET or not permutes:
        has, needs = (" x ".join(f"{v:.4g}" for v in one.spacing_mm) for one in (own, grid))
        raise GridMismatchError(
            f"the voxels of {path} must fall on those of the image, they are up to {off:.2f} "
            f"voxels off ({has} mm, the image's {needs} mm); open the image that was segmented"
        )
    order = [int(np.flatnonzero(turn[axis])[0]) for axis in range(3)]
    turned = array.transpose(order)
    for axis in range(3):
        if turn[axis, order[axis]] < 0:
            turned = np.flip(turned, axis)
            start[axis] -= turned.shape[axis] - 1
    first = (int(start[0]), int(start[1]), int(start[2]))
    return turned, Box.whole(turned.shape).shifted(first)
