"""Further objects to segment in a patch, beyond the one that was drawn."""

from collections.abc import Callable, Mapping, Sequence

import cc3d
import numpy as np
from jaxtyping import Bool
from scipy.ndimage import gaussian_filter

from voxclick.train.builtin.patches import RealPatch
from voxclick.types import Array

SMALLEST = 30
"""Voxels of a patch that a further target needs."""


def sub_targets(
    patch: RealPatch,
    generator: np.random.Generator,
    count: int = 1,
    weights: Mapping[str, float] | None = None,
) -> list[Bool[Array, "i j k"]]:
    """Further objects to segment in a patch, each of at least `SMALLEST` voxels.

    Args:
        patch: Where to draw them.
        generator: Draws them.
        count: How many are wanted; fewer come back where the patch has no more to give.
        weights: How often each kind is drawn: `label` (all of one label), `union` (labels that
            touch), `component` (of one label), `part` (of a label, cut by planes), `region` (of
            the image, whatever its labels). Default: the last four alike, and regions twice as
            often where fewer than 3 labels are in the patch.
    """
    if weights is None:
        few = np.count_nonzero(np.bincount(patch.labels.ravel())[1:]) < 3
        weights = {"union": 1.0, "component": 1.0, "part": 1.0, "region": 2.0 if few else 1.0}
    often = np.array(list(weights.values()), dtype=np.float64)
    found: list[Array] = []
    for _ in range(3 * count):
        if len(found) < count:
            kind = list(weights)[int(generator.choice(len(often), p=often / often.sum()))]
            target = KINDS[kind](patch, generator)
            if np.count_nonzero(target) >= SMALLEST:
                found.append(target)
    return found


def _label(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    present = np.flatnonzero(np.bincount(patch.labels.ravel()) >= SMALLEST)
    present = present[present > 0]
    if len(present) == 0:
        return np.zeros(patch.labels.shape, dtype=np.bool_)
    found: Array = patch.labels == generator.choice(present)
    return found


def _union(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """A label with one or two of those that touch it; empty where none does."""
    union = _label(patch, generator)
    joined = 0
    for _ in range(int(generator.integers(1, 3))):
        beside = np.flatnonzero(np.bincount(patch.labels[_grown(union) & ~union]))
        if len(beside := beside[beside > 0]):
            union |= patch.labels == generator.choice(beside)
            joined += 1
    return union if joined else np.zeros_like(union)


def _grown(mask: Bool[Array, "i j k"]) -> Bool[Array, "i j k"]:
    """The mask and the voxels that share a face with it."""
    grown = mask.copy()
    for axis in range(3):
        out, lines = np.moveaxis(grown, axis, 0), np.moveaxis(mask, axis, 0)
        out[1:] |= lines[:-1]
        out[:-1] |= lines[1:]
    return grown


def _component(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    return _piece(_label(patch, generator), generator)


def _part(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """What lies of a label on one side of a plane, or between two."""
    whole = _label(patch, generator)
    voxels = np.argwhere(whole)
    if len(voxels) == 0:
        return whole
    normal = generator.normal(size=3)
    along = (voxels * np.array(patch.lengths)) @ (normal / np.linalg.norm(normal))
    share = generator.uniform(0.25, 0.75)
    low = generator.uniform(0, 1 - share) if generator.random() < 0.5 else 0.0
    near, far = np.quantile(along, [low, low + share])
    kept = voxels[(along >= near) & (along <= far)]
    part = np.zeros_like(whole)
    part[tuple(kept.T)] = True
    return part


def _region(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """Connected voxels of like intensity in the smoothed image, without thin sheets and bridges."""
    soft = gaussian_filter(patch.image, generator.uniform(0.6, 1.8) / np.array(patch.lengths))
    shares = np.sort(generator.uniform(0.02, 0.98, int(generator.integers(2, 6))))
    cuts = np.quantile(soft[patch.valid][::7], shares)
    steps = np.where(patch.valid, np.digitize(soft, cuts) + 1, 0).astype(np.uint8)
    axes = [axis for axis in range(3) if patch.lengths[axis] < 2]
    core = steps
    for _ in range(2):
        core = np.where(_at_edges(core, axes), np.uint8(0), core)
    piece = _piece(core, generator, most=0.25)
    if piece.any():
        same = steps == steps[piece][0]
        for _ in range(3):
            piece = _grown(piece) & same
    return piece


def _at_edges(values: Array, axes: Sequence[int]) -> Bool[Array, "i j k"]:
    """The voxels with another value beside them along one of these axes."""
    found = np.zeros(values.shape, dtype=np.bool_)
    for axis in axes:
        out, lines = np.moveaxis(found, axis, 0), np.moveaxis(values, axis, 0)
        differ = lines[1:] != lines[:-1]
        out[1:] |= differ
        out[:-1] |= differ
    return found


def _piece(
    values: Array, generator: np.random.Generator, most: float = 1.0
) -> Bool[Array, "i j k"]:
    """A connected component of equal values: larger ones more often, none above a share of all."""
    pieces = cc3d.connected_components(values, connectivity=6)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    often = np.sqrt(np.where((sizes >= SMALLEST) & (sizes <= most * values.size), sizes, 0))
    if often.sum() == 0:
        return np.zeros(values.shape, dtype=np.bool_)
    found: Array = pieces == generator.choice(len(often), p=often / often.sum())
    return found


KINDS: dict[str, Callable[[RealPatch, np.random.Generator], Array]] = {
    "label": _label,
    "union": _union,
    "component": _component,
    "part": _part,
    "region": _region,
}
