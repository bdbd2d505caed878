"""What the prompts say about single voxels of a view: seeds to grow from, samples to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool, Float, Int

from voxclick.geometry import Box
from voxclick.geometry.grid import nearest_voxel
from voxclick.models.geodesic.sweep import geodesic
from voxclick.prompts import BoxPrompt, Lasso, Prompt, Scribble
from voxclick.types import Array, Index3, Vector3

NEAREST = 80
"""Samples that one click is worth: the voxels nearest to it by a local geodesic distance."""

REACH = 6
"""Half the width of the window that they are looked for in."""

STROKE_SAMPLES = 12
"""Points of a stroke that samples are looked for around."""


@dataclass
class Evidence:
    """Everything the prompts settle or suggest, on the grid of a view.

    Attributes:
        inside: Seeds of the object.
        outside: Seeds of the background.
        inside_samples: Flat indices of voxels that look like the object.
        outside_samples: Flat indices of voxels that look like what it is not.
        forbidden: Where the object cannot be, such as outside a box around it.
    """

    inside: Bool[Array, "i j k"]
    outside: Bool[Array, "i j k"]
    inside_samples: list[Int[Array, " n"]]
    outside_samples: list[Int[Array, " n"]]
    forbidden: Bool[Array, "i j k"]


def gather(prompts: Sequence[Prompt], image: Float[Array, "i j k"], lengths: Vector3) -> Evidence:
    """The evidence of all prompts; a later one overrules an earlier one voxel by voxel.

    Args:
        prompts: In indices of the view, oldest first.
        image: Intensities from 0 to 1.
        lengths: Spacing along each axis in units of the finest.
    """
    shape = image.shape
    empty = [np.zeros(shape, dtype=np.bool_) for _ in range(3)]
    evidence = Evidence(empty[0], empty[1], [], [], empty[2])
    for prompt in prompts:
        if isinstance(prompt, BoxPrompt):
            _add_box(evidence, prompt, shape)
        elif isinstance(prompt, Lasso):
            _add_lasso(evidence, prompt, shape)
        else:
            _add_marks(evidence, prompt, image, lengths)
    return evidence


def _add_marks(
    evidence: Evidence, prompt: Prompt, image: Float[Array, "i j k"], lengths: Vector3
) -> None:
    voxels = _within(prompt.voxels(), image.shape)
    _seed(evidence, voxels, prompt.positive)
    samples = evidence.inside_samples if prompt.positive else evidence.outside_samples
    if isinstance(prompt, Scribble):
        samples.append(_flat(voxels, image.shape))
        voxels = voxels[:: max(1, len(voxels) // STROKE_SAMPLES)]
    for voxel in voxels:
        samples.append(_alike(image, voxel, lengths))


def _add_box(evidence: Evidence, prompt: BoxPrompt, shape: Index3) -> None:
    region = prompt.region.intersection(Box.whole(shape))
    if not prompt.positive:
        voxels = np.argwhere(_filled(region, shape))
        _seed(evidence, voxels, positive=False)
        evidence.outside_samples.append(_thinned(_flat(voxels, shape)))
        return
    beyond = ~_filled(region, shape)
    flat = prompt.flat_axis
    if flat is not None:  # a 2D box says nothing of other slices
        slab = Box.whole(shape)
        start, stop = list(slab.start), list(slab.stop)
        start[flat], stop[flat] = region.start[flat], region.stop[flat]
        beyond &= _filled(Box(_index(start), _index(stop)), shape)
    evidence.forbidden |= beyond
    evidence.outside |= beyond
    core = np.argwhere(_filled(region, shape))
    centre = (np.array(region.start) + np.array(region.stop) - 1) / 2
    away = np.abs(core - centre) / np.maximum(np.array(region.shape) / 2, 1)
    middle = core[np.sqrt((away**2).sum(axis=1)) <= 0.4]
    evidence.inside_samples.append(_thinned(_flat(middle, shape)))
    _seed(evidence, nearest_voxel(centre[None]), positive=True)


def _add_lasso(evidence: Evidence, prompt: Lasso, shape: Index3) -> None:
    voxels = _within(prompt.voxels(), shape)
    if len(voxels) == 0:
        return
    if not prompt.positive:
        _seed(evidence, voxels, positive=False)
        evidence.outside_samples.append(_thinned(_flat(voxels, shape)))
        return
    filled = np.zeros(shape, dtype=np.bool_)
    filled[tuple(voxels.T)] = True
    plane = np.take(filled, prompt.slice_index, axis=prompt.axis)
    depth = edt.edt(plane, black_border=True)
    deep = np.argwhere(depth >= 0.5 * depth.max())
    inner = np.insert(deep, prompt.axis, prompt.slice_index, axis=1)
    _seed(evidence, inner, positive=True)
    evidence.inside_samples.append(_thinned(_flat(inner, shape)))
    beyond = np.insert(np.argwhere(edt.edt(~plane) >= 2.0), prompt.axis, prompt.slice_index, axis=1)
    near = Box.around(voxels).padded(6)
    ring = beyond[np.all((beyond >= near.start) & (beyond < near.stop), axis=1)]
    evidence.outside[tuple(ring.T)] = True


def _alike(image: Float[Array, "i j k"], voxel: Int[Array, "3"], lengths: Vector3) -> Array:
    """Flat indices of the voxels nearest to a click by a local geodesic distance."""
    low = np.maximum(voxel - REACH, 0)
    high = np.minimum(voxel + REACH + 1, image.shape)
    crop = image[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    start = np.full(crop.shape, np.inf, dtype=np.float32)
    start[tuple(voxel - low)] = 0
    distance = geodesic(start, crop, np.zeros_like(crop), (0.0, 30.0, 0.1), lengths)
    wanted = min(NEAREST, distance.size)
    nearest = np.argpartition(distance.reshape(-1), wanted - 1)[:wanted]
    local = np.stack(np.unravel_index(nearest, crop.shape), axis=1)
    return _flat(local + low, image.shape)


def _seed(evidence: Evidence, voxels: Int[Array, "n 3"], positive: bool) -> None:
    index = tuple(voxels.T)
    evidence.inside[index] = positive
    evidence.outside[index] = not positive
    if positive:
        evidence.forbidden[index] = False


def _within(voxels: Int[Array, "n 3"], shape: Index3) -> Int[Array, "m 3"]:
    kept: Array = voxels[np.all((voxels >= 0) & (voxels < np.array(shape)), axis=1)]
    return kept


def _filled(region: Box, shape: Index3) -> Bool[Array, "i j k"]:
    filled = np.zeros(shape, dtype=np.bool_)
    filled[region.slices] = True
    return filled


def _flat(voxels: Int[Array, "n 3"], shape: Index3) -> Int[Array, " n"]:
    flat: Array = np.ravel_multi_index(tuple(voxels.T), shape)
    return flat


def _thinned(samples: Int[Array, " n"], most: int = 400) -> Int[Array, " m"]:
    return samples[:: max(1, len(samples) // most)]


def _index(values: list[int]) -> Index3:
    return (values[0], values[1], values[2])
