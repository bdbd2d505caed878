"""Users who click: at the centre of the largest error, or where a person might."""

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import distance_transform_edt

from voxclick.geometry import Box
from voxclick.prompts import Point
from voxclick.simulate.user import SimulatedUser, components, drawn_part, error_of, place
from voxclick.types import Array
from voxclick.volume import Mask

POOL_FROM = 60_000_000
"""Padded voxels from which the CVPR rule measures depth on a grid twice as coarse."""


@dataclass(frozen=True)
class CenterClick(SimulatedUser):
    """The click rule of the CVPR 2025 interactive segmentation challenge, exactly.

    Of the largest 26-connected part of the error (false negatives and positives together) the
    voxel deepest inside, in voxels, with the volume's border counting as outside; of equally deep
    ones a fixed choice. Its sign is the truth there. Axes are visited as in their (D, H, W) arrays.
    """

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Point | None:
        box, error = error_of(truth, predicted)
        if box.empty:
            return None
        largest, part = _largest_part(error.transpose(2, 1, 0))
        k, j, i = _deepest(part)
        at = place(np.array([i, j, k]), largest.start[::-1], box.start)
        return Point(at, positive=bool(truth.array[at]))


@dataclass(frozen=True)
class RandomClick(SimulatedUser):
    """A click inside an error part drawn by size, the likelier the deeper (RITM, nnInteractive).

    Attributes:
        alpha: Exponent of the depth: 8 keeps to the centre, 1 spreads out.
        offset_voxels: Standard deviation of a slip of the hand, per axis.
        wrong_sign: Probability that the click says the opposite.
    """

    alpha: float = 8.0
    offset_voxels: float = 0.0
    wrong_sign: float = 0.0

    def next_prompt(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Point | None:
        box, error = error_of(truth, predicted)
        if box.empty:
            return None
        inner, part = drawn_part(error, generator)
        depth = edt.edt(np.ascontiguousarray(part), black_border=True).astype(np.float64)
        weights = ((depth / depth.max()) ** self.alpha).reshape(-1)
        drawn = int(generator.choice(weights.size, p=weights / weights.sum()))
        at = place(np.array(np.unravel_index(drawn, part.shape)), inner.start, box.start)
        positive = bool(truth.array[at])
        if self.offset_voxels > 0:
            slip = np.round(generator.normal(0, self.offset_voxels, 3)).astype(int)
            moved = np.clip(np.array(at) + slip, 0, np.array(truth.grid.shape) - 1)
            at = place(moved)
        if self.wrong_sign > 0 and generator.random() < self.wrong_sign:
            positive = not positive
        return Point(at, positive=positive)


@dataclass(frozen=True)
class UniformClick(SimulatedUser):
    """Any voxel where truth and prediction differ, all alike (RadioActive's 3D refinement).

    RadioActive draws inside the patch that a model sees; this user sees the whole volume.
    """

    def next_prompt(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Point | None:
        box, error = error_of(truth, predicted)
        if box.empty:
            return None
        wrong = np.argwhere(error)
        at = place(wrong[int(generator.integers(len(wrong)))], box.start)
        return Point(at, positive=bool(truth.array[at]))


@dataclass(frozen=True)
class ForegroundClick(SimulatedUser):
    """Any voxel of the object, all alike, wherever the mask is (3DSAM-adapter's test).

    It corrects nothing, and ends when the mask is right. Points may be drawn twice.
    """

    def next_prompt(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Point | None:
        box, _ = error_of(truth, predicted)
        inside = np.argwhere(truth.array)
        if box.empty or not len(inside):
            return None
        return Point(place(inside[int(generator.integers(len(inside)))]))


def _largest_part(error: Bool[Array, "d h w"]) -> tuple[Box, Bool[Array, "a b c"]]:
    parts, sizes = components(error)
    sizes[0] = 0
    part = parts == int(np.argmax(sizes))
    box = Box.of_mask(part)
    return box, part[box.slices]


def _deepest(part: Bool[Array, "d h w"]) -> Int[Array, "3"]:
    margins = [max(1, int(0.25 * extent)) for extent in part.shape]
    padded = np.pad(part, [(margin, margin) for margin in margins])
    depth = _depth(padded) * padded
    if depth.max() == 0:
        depth = padded.astype(np.float64)
    ties = np.flatnonzero(depth == depth.max())
    # the organisers seed NumPy's global generator with 42 before each choice
    drawn = np.random.RandomState(42).choice(ties)
    found: Array = np.array(np.unravel_index(int(drawn), padded.shape)) - margins
    return found


def _depth(padded: Bool[Array, "d h w"]) -> Float[Array, "d h w"]:
    if padded.size <= POOL_FROM:
        depth: Array = distance_transform_edt(padded)
        return depth
    even = np.pad(padded, [(0, extent % 2) for extent in padded.shape])
    d, h, w = (extent // 2 for extent in even.shape)
    pooled = even.reshape(d, 2, h, 2, w, 2).any(axis=(1, 3, 5))
    coarse = distance_transform_edt(pooled)
    fine = coarse.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    cut: Array = fine[: padded.shape[0], : padded.shape[1], : padded.shape[2]]
    return cut
