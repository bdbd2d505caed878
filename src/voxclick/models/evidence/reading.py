"""What one prompt says about the voxels of a view."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_dilation, binary_erosion

from voxclick.geometry import Box
from voxclick.models.evidence.sweep import nearest_voxels
from voxclick.prompts import BoxPrompt, Lasso, Prompt
from voxclick.types import Array, Index3, Vector3

SAMPLES = 80
"""Voxels that a click's appearance is learned from; 40 to 150 did alike."""

CORE = 0.4
"""Half-axes of the ellipsoid in a box where the object is looked for, as a share of its size."""


def _none() -> Int[Array, " n"]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Reading:
    """Flat indices of voxels, by what a prompt says of them.

    Attributes:
        about: The voxels that the prompt is about (of a box, its corners).
        own: The object, for certain.
        other: Not the object, for certain.
        likely_own: Likely the object.
        likely_other: Likely not.
        framed: In a box that the object lies in.
        bounded: Where the object is not, by that box.
        layer: Axis and index of the slice that the box is on; None for one in 3D.
        core: The middle of that box, in which the object is looked for.
        inside: Samples of the object.
        outside: Samples of what is not the object.
    """

    about: Int[Array, "n 3"]
    own: Int[Array, " _"] = field(default_factory=_none)
    other: Int[Array, " _"] = field(default_factory=_none)
    likely_own: Int[Array, " _"] = field(default_factory=_none)
    likely_other: Int[Array, " _"] = field(default_factory=_none)
    framed: Int[Array, " _"] = field(default_factory=_none)
    bounded: Int[Array, " _"] = field(default_factory=_none)
    layer: tuple[int, int] | None = None
    core: Int[Array, " _"] = field(default_factory=_none)
    inside: Int[Array, " _"] = field(default_factory=_none)
    outside: Int[Array, " _"] = field(default_factory=_none)


def read_stroke(prompt: Prompt, image: Float[Array, "i j k"], lengths: Vector3) -> Reading:
    """A click or scribble: its voxels for certain, and the voxels like them nearby as samples."""
    voxels = prompt.voxels()
    voxels = voxels[((voxels >= 0) & (voxels < image.shape)).all(axis=1)]
    marked = _flat(voxels, image.shape)
    if len(voxels) > 2 * SAMPLES:
        samples = thinned(marked, 2 * SAMPLES)
    else:
        near = nearest_voxels(image, voxels, lengths, max(SAMPLES, len(voxels)))
        samples = _flat(near, image.shape)
    if prompt.positive:
        return Reading(voxels, own=marked, inside=samples)
    return Reading(voxels, other=marked, outside=samples)


def read_lasso(prompt: Lasso, shape: Index3) -> Reading:
    """A loose contour: likely the object well inside, likely not just outside; or none inside."""
    voxels = prompt.voxels()
    voxels = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)]
    filled = np.zeros(shape, dtype=np.bool_)
    filled[tuple(voxels.T)] = True
    marked = np.flatnonzero(filled)
    if not prompt.positive:
        return Reading(voxels, other=marked, outside=thinned(marked, 2 * SAMPLES))
    square = np.zeros((3, 3, 3), dtype=np.bool_)
    np.moveaxis(square, prompt.axis, 0)[1] = True
    inner = np.flatnonzero(binary_erosion(filled, square, iterations=2, border_value=1))
    inner = inner if inner.size else marked
    near = binary_dilation(filled, square, iterations=1)
    around = np.flatnonzero(binary_dilation(filled, square, iterations=5) & ~near)
    return Reading(
        voxels,
        likely_own=inner,
        likely_other=around,
        inside=thinned(inner, 2 * SAMPLES),
        outside=thinned(around, 2 * SAMPLES),
    )


def read_box(prompt: BoxPrompt, shape: Index3) -> Reading:
    """A box: none of the object outside it, and some of it in its middle; or none inside.

    A box on one slice says so of that slice alone.
    """
    region = prompt.region.intersection(Box.whole(shape))
    corners = np.array([region.start, np.array(region.stop) - 1])
    inside = np.zeros(shape, dtype=np.bool_)
    inside[region.slices] = True
    framed = np.flatnonzero(inside)
    if not prompt.positive:
        return Reading(corners, other=framed, outside=thinned(framed, 2 * SAMPLES))
    i, j, k = (max(2, size // 4) for size in region.shape)
    ring = np.zeros(shape, dtype=np.bool_)
    ring[region.padded((i, j, k)).intersection(Box.whole(shape)).slices] = True
    flat = prompt.flat_axis
    bounded = ~inside if flat is None else ~inside & _slice(shape, flat, region.start[flat])
    core = np.flatnonzero(_ellipsoid(prompt, shape))
    return Reading(
        corners,
        framed=framed,
        bounded=np.flatnonzero(bounded),
        layer=None if flat is None else (flat, region.start[flat]),
        core=core,
        inside=thinned(core, 2 * SAMPLES),
        outside=thinned(np.flatnonzero(ring & bounded), 4 * SAMPLES),
    )


def thinned(voxels: Int[Array, " n"], count: int) -> Int[Array, " m"]:
    """At most `count` of the voxels, drawn the same way each time."""
    if len(voxels) <= count:
        return voxels
    drawn: Array = np.sort(np.random.default_rng(0).choice(voxels, count, replace=False))
    return drawn


def _slice(shape: Index3, axis: int, index: int) -> Bool[Array, "i j k"]:
    chosen = np.zeros(shape, dtype=np.bool_)
    np.moveaxis(chosen, axis, 0)[index] = True
    return chosen


def _ellipsoid(prompt: BoxPrompt, shape: Index3) -> Bool[Array, "i j k"]:
    low, high = np.array(prompt.start) - 0.5, np.array(prompt.stop) - 0.5
    far = np.zeros(shape, dtype=np.float64)
    for axis in range(3):
        half = max(CORE * (high[axis] - low[axis]), 0.5)
        along = ((np.arange(shape[axis]) - (low[axis] + high[axis]) / 2) / half) ** 2
        far += along.reshape([-1 if a == axis else 1 for a in range(3)])
    # a box much smaller than a voxel, or off the centres, still has its nearest voxel
    ellipsoid: Array = far <= max(1.0, float(far.min()))
    return ellipsoid


def _flat(voxels: Int[Array, "n 3"], shape: Index3) -> Int[Array, " n"]:
    indices: Array = np.ravel_multi_index(tuple(voxels.T), shape)
    return indices
