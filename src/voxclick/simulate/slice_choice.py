"""Which slices of an object a user who works on slices prompts."""

from itertools import pairwise

import numpy as np

from voxclick.errors import OptionError
from voxclick.types import Array
from voxclick.volume import Mask

PLACES = ("middle", "largest", "stack")


def check_choice(axis: int, at: str, slices: int, every: bool = False) -> None:
    """Raise OptionError unless the three choose slices; `every`: 0 slices stand for all."""
    slices = slices or int(every)
    if axis not in (0, 1, 2):
        raise OptionError(f"axis must be 0, 1 or 2, got {axis}")
    if slices < 1:
        raise OptionError(f"slices must be at least 1, got {slices}")
    if at in PLACES:
        return
    if not at.isdecimal():
        raise OptionError(f"at must be one of {', '.join(PLACES)} or a slice's index, got {at!r}")
    if slices != 1:
        raise OptionError(f"one slice can be given by its index, got at={at} and slices={slices}")


def chosen_slices(truth: Mask, axis: int, at: str, slices: int) -> list[int]:
    """The slices to prompt, in order; all of them hold some of the object.

    The slices that the object occupies are cut into as many equal parts as slices are wanted (or
    as there are); each part gives its middle or its largest one.

    Args:
        truth: The object.
        axis: What the slices are perpendicular to.
        at: `middle`; `largest` (most voxels, the first of several); `stack`: the middle of the
            volume, as published for SAM 2 in 3D, with one slice alone; or the index of a slice.
            None is given where the object is not on that slice.
        slices: How many, 0 for all that the object is on; parts that are too short to have one of
            their own are left out.
    """
    slices = slices or truth.grid.shape[axis]
    others = tuple(other for other in range(3) if other != axis)
    voxels: Array = np.count_nonzero(truth.array, axis=others)
    if at == "stack" or at.isdecimal():
        index = len(voxels) // 2 if at == "stack" else int(at)
        return [index] if index < len(voxels) and voxels[index] else []
    occupied = np.flatnonzero(voxels)
    parts = [part for part in _parts(occupied, slices) if len(part)]
    if at == "largest":
        return [int(part[np.argmax(voxels[part])]) for part in parts]
    return [int(part[len(part) // 2]) for part in parts]


def _parts(occupied: Array, count: int) -> list[Array]:
    ends = [len(occupied) * part // count for part in range(count + 1)]
    return [occupied[low:high] for low, high in pairwise(ends)]
