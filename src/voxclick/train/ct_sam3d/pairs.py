"""Pairs of neighbouring patches of one volume, and where to click in each.

How the authors draw their pairs was not released; their figure shows two overlapping patches of one
scan. Ours: the first lies around a voxel of the object as in the first stage; the second is one of
its 26 neighbours, each axis in which they differ moved by the same number of voxels, drawn between
the strides of the settings. Both are turned and scaled alike.
"""

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool, Float

from voxclick.train.ct_sam3d.patches import CtPatch, frame_at, read_patch
from voxclick.train.ct_sam3d.settings import CrossPatchSettings
from voxclick.train.visits import Visits
from voxclick.train.volumes import Held
from voxclick.types import Array

SEEN = 30
"""Voxels that a patch must show of its object to be one with it."""

ATTEMPTS = 12
"""Neighbours that are tried before the last one is taken, object or not."""

DIRECTIONS = np.array([each for each in np.ndindex(3, 3, 3) if each != (1, 1, 1)]) - 1
"""The 26 neighbours of a patch."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two patches of one volume with the same object.

    Attributes:
        first: A patch that shows the object.
        second: A neighbour of it, which may not.
    """

    first: CtPatch
    second: CtPatch


def draw_pair(
    visits: Visits,
    held: Held,
    settings: CrossPatchSettings,
    generator: np.random.Generator,
) -> Pair:
    """A pair of patches of a volume, around an object drawn at random.

    Args:
        visits: Chooses the object.
        held: The volume.
        settings: Strides, augmentation.
        generator: Source of the randomness.
    """
    empty = generator.random() < settings.empty
    for _ in range(ATTEMPTS):
        label, place = visits.place(held, generator)
        frame = frame_at(held, place, settings, generator)
        first = read_patch(held, label, frame, settings.window_hu)
        if np.count_nonzero(first.truth) < SEEN:
            continue
        step = int(generator.integers(settings.stride[0], settings.stride[1] + 1))
        offset = DIRECTIONS[int(generator.integers(len(DIRECTIONS)))] * float(step)
        second = read_patch(held, label, frame.moved(offset), settings.window_hu)
        if empty or np.count_nonzero(second.truth) >= SEEN:
            break
    else:
        second = first
    return Pair(first, second)


def heat_of(truth: Bool[Array, "d h w"], sigma: float) -> Float[Array, "d h w"]:
    """What the cross-patch network should answer: a Gaussian at the click that is wanted.

    The click lies deepest inside the object, which goes on beyond the patch; nothing is wanted
    where fewer than `SEEN` voxels are the object's.

    Args:
        truth: The object in the patch.
        sigma: In voxels.
    """
    if np.count_nonzero(truth) < SEEN:
        return np.zeros(truth.shape, dtype=np.float32)
    depth = edt.edt(np.ascontiguousarray(truth), black_border=False)
    at = np.unravel_index(int(np.argmax(depth)), truth.shape)
    d, h, w = (np.arange(n) - place for n, place in zip(truth.shape, at, strict=True))
    squared = d[:, None, None] ** 2 + h[None, :, None] ** 2 + w[None, None, :] ** 2
    heat: Array = np.exp(-squared / (2 * sigma**2)).astype(np.float32)
    return heat
