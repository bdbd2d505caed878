"""What prompts say about the voxels of a view: marks that hold, and samples to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_dilation, binary_erosion

from voxclick.models.geodesic.sweep import nearest_voxels
from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt, Scribble
from voxclick.types import Array, Index3, Vector3

SAMPLES = 80
"""Voxels that a prompt's appearance is learned from."""

CORE = 0.4
"""Half-axes of the ellipsoid in a box where the object is looked for, as a share of its size."""


@dataclass(frozen=True, eq=False)
class Seeds:
    """What the prompts in a view say.

    Attributes:
        marks: 1 where the object is for certain, -1 where it is not, else 0.
        hints: Like `marks`, for what is likely: seeds of distances, but no more.
        inside: Flat indices of samples of the object, an array a prompt.
        outside: Flat indices of samples of what is not the object, an array a prompt.
        cores: Where in each box (3D or on a slice) the object is looked for.
        newest: Voxels that the newest prompt is about.
    """

    marks: Int[Array, "i j k"]
    hints: Int[Array, "i j k"]
    inside: list[Array] = field(default_factory=list)
    outside: list[Array] = field(default_factory=list)
    cores: list[Array] = field(default_factory=list)
    newest: Int[Array, "n 3"] | None = None


def gather(
    prompts: Sequence[Prompt], image: Float[Array, "i j k"], lengths: Vector3
) -> Seeds:
    """The marks and samples of all prompts; a later one overrules an earlier one.

    Args:
        prompts: In indices of the view, oldest first.
        image: Normalised intensities of the view.
        lengths: Length of a step along each axis; 1 for the finest.
    """
    seeds = Seeds(np.zeros(image.shape, np.int8), np.zeros(image.shape, np.int8))
    for prompt in prompts:
        if isinstance(prompt, BoxPrompt):
            voxels = _take_box(seeds, prompt, image.shape)
        elif isinstance(prompt, Lasso):
            voxels = _take_lasso(seeds, prompt, image.shape)
        else:
            voxels = _take_stroke(seeds, prompt, image, lengths)
        if len(voxels):
            object.__setattr__(seeds, "newest", voxels)
    return seeds


def _take_stroke(
    seeds: Seeds, prompt: Prompt, image: Float[Array, "i j k"], lengths: Vector3
) -> Int[Array, "n 3"]:
    voxels = _within(prompt.voxels(), image.shape)
    if not len(voxels):
        return voxels
    seeds.marks[tuple(voxels.T)] = 1 if prompt.positive else -1
    if len(voxels) > 2 * SAMPLES:
        near = _thinned(voxels, 2 * SAMPLES)
    else:
        near = nearest_voxels(image, voxels, lengths, max(SAMPLES, len(voxels)))
    samples = seeds.inside if prompt.positive else seeds.outside
    samples.append(np.ravel_multi_index(tuple(near.T), image.shape))
    return voxels


def _take_lasso(seeds: Seeds, prompt: Lasso, shape: Index3) -> Int[Array, "n 3"]:
    voxels = _within(prompt.voxels(), shape)
    if not len(voxels):
        return voxels
    filled = np.zeros(shape, dtype=np.bool_)
    filled[tuple(voxels.T)] = True
    if not prompt.positive:
        seeds.marks[filled] = -1
        seeds.outside.append(_flat(_thinned(voxels, 2 * SAMPLES), shape))
        return voxels
    flat = np.ones((3, 3, 3), dtype=np.bool_)
    ends: list[slice] = [slice(None)] * 3
    for end in (0, 2):
        ends[prompt.axis] = slice(end, end + 1)
        flat[tuple(ends)] = False
    inner = binary_erosion(filled, flat, iterations=2)
    inner = inner if inner.any() else filled
    seeds.hints[inner] = 1
    around = binary_dilation(filled, flat, iterations=5) & ~binary_dilation(
        filled, flat, iterations=1
    )
    seeds.hints[around] = -1
    seeds.inside.append(_flat(_thinned(np.argwhere(inner), 2 * SAMPLES), shape))
    seeds.outside.append(_flat(_thinned(np.argwhere(around), 2 * SAMPLES), shape))
    return voxels


def _take_box(seeds: Seeds, prompt: BoxPrompt, shape: Index3) -> Int[Array, "n 3"]:
    region = prompt.region.intersection(type(prompt.region).whole(shape))
    start, stop = np.array(region.start), np.array(region.stop)
    corners: Array = np.stack([start, stop - 1])
    inside = np.zeros(shape, dtype=np.bool_)
    inside[region.slices] = True
    if not prompt.positive:
        seeds.marks[inside] = -1
        seeds.outside.append(_flat(_thinned(np.argwhere(inside), 2 * SAMPLES), shape))
        return corners
    held = np.ones(shape, dtype=np.bool_)
    margin = np.maximum(2, np.array(region.shape) // 4)
    if prompt.flat_axis is not None:
        margin[prompt.flat_axis] = 0
        plane: list[slice] = [slice(None)] * 3
        plane[prompt.flat_axis] = slice(region.start[prompt.flat_axis], region.stop[prompt.flat_axis])
        held[:] = False
        held[tuple(plane)] = True
    seeds.marks[held & ~inside & (seeds.marks == 0)] = -1
    ring = np.zeros(shape, dtype=np.bool_)
    ring[tuple(map(slice, np.maximum(start - margin, 0), stop + margin))] = True
    ring &= ~inside
    if ring.any():
        seeds.outside.append(_flat(_thinned(np.argwhere(ring), 4 * SAMPLES), shape))
    core = _ellipsoid(prompt, shape)
    seeds.cores.append(core)
    seeds.inside.append(_flat(_thinned(np.argwhere(core), 2 * SAMPLES), shape))
    return corners


def _ellipsoid(prompt: BoxPrompt, shape: Index3) -> Bool[Array, "i j k"]:
    low, high = np.array(prompt.start) - 0.5, np.array(prompt.stop) - 0.5
    far = np.zeros(shape, dtype=np.float32)
    for axis in range(3):
        half = max(CORE * (high[axis] - low[axis]), 0.5)
        along = ((np.arange(shape[axis]) - (low[axis] + high[axis]) / 2) / half) ** 2
        far += along.reshape([-1 if a == axis else 1 for a in range(3)]).astype(np.float32)
    core = far <= 1.0
    if not core.any():
        core.flat[int(np.argmin(far))] = True
    return core


def _within(voxels: Int[Array, "n 3"], shape: Index3) -> Int[Array, "m 3"]:
    kept: Array = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)]
    return kept


def _thinned(voxels: Int[Array, "n 3"], count: int) -> Int[Array, "m 3"]:
    if len(voxels) <= count:
        return voxels
    drawn = np.random.default_rng(0).choice(len(voxels), count, replace=False)
    kept: Array = voxels[np.sort(drawn)]
    return kept


def _flat(voxels: Int[Array, "n 3"], shape: Index3) -> Int[Array, " n"]:
    indices: Array = np.ravel_multi_index(tuple(voxels.T), shape)
    return indices
