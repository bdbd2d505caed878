"""SAM 2 in 3D as published (arXiv 2408.02635): a stack of slices cut out by the ground truth.

What its scripts do is kept, defects too, so that their numbers can be compared with. Only the
JPEG files between are left out; slices are 8-bit all the same.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Real, UInt8

from voxclick.evaluate.case import Target
from voxclick.evaluate.pipeline import Pipeline, Prepared
from voxclick.geometry import Box, Grid
from voxclick.metrics.overlap import dice
from voxclick.metrics.voxel_surface import voxel_nsd
from voxclick.types import Array
from voxclick.volume import Mask, Volume

STACK_ABOVE = 256
"""The stack goes from the first slice with more foreground pixels to the last, without it."""
PROMPT_ABOVE = 100
"""Cases with no more foreground pixels on the middle slice are dropped."""


class StackPipeline(Pipeline):
    """The volume cut along `k` to where the truth is, each slice scaled to 0 to 255 by itself.

    The spacing is forgotten: the stack has voxels of 1 mm. The NSD is by voxels, of slices in the
    order in which they were segmented: from the middle to the end, then from the middle back.
    """

    def prepare(self, volume: Volume, targets: Sequence[Target]) -> Prepared:  # noqa: D102
        if not targets:
            return Prepared(volume, targets)
        (target,) = targets
        truth = target.mask.array
        pixels = np.count_nonzero(truth, axis=(0, 1))
        large = np.flatnonzero(pixels > STACK_ABOVE)
        if len(large) < 2:
            return Prepared(volume, (), (target.label,))
        first, last = int(large[0]), int(large[-1])
        if pixels[first + (last - first) // 2] <= PROMPT_ABOVE:
            return Prepared(volume, (), (target.label,))
        grid = Grid((*volume.array.shape[:2], last - first), np.eye(4))
        stack = _scaled(volume.array[:, :, first:last])
        return Prepared(Volume(stack, grid), (_cut(target, truth[:, :, first:last], grid),))

    def measure(self, truth: Mask, predicted: Mask, tolerance_mm: float) -> tuple[float, float]:  # noqa: D102
        shuffled = voxel_nsd(_shuffled(truth), _shuffled(predicted), tolerance_mm)
        return dice(truth, predicted), shuffled


def _scaled(array: Real[Array, "i j k"]) -> UInt8[Array, "i j k"]:
    """Each slice from its minimum to its maximum; a slice of one intensity becomes 0."""
    slices = array.astype(np.float64)
    low = slices.min(axis=(0, 1))
    width = slices.max(axis=(0, 1)) - low
    scaled: Array = ((slices - low) / np.where(width > 0, width, 1) * 255).astype(np.uint8)
    return scaled


def _cut(target: Target, inside: Bool[Array, "i j k"], grid: Grid) -> Target:
    box = Box.of_mask(inside)
    return Target(target.label, target.name, grid, box, inside[box.slices].copy())


def _shuffled(mask: Mask) -> Mask:
    depth = mask.grid.shape[2]
    order = [*range(depth // 2, depth), *range(depth // 2 - 1, -1, -1)]
    return Mask(mask.array[:, :, order], mask.grid)
