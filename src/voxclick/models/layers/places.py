"""A few voxels that stand for many: spread over a stroke, or deep inside a mask."""

import edt
import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from voxclick.types import Array

FEW = 5
"""So many."""


def deep(mask: Bool[Array, "i j k"]) -> Float[Array, "n 3"]:
    """A few voxels in the inner half of a mask, far from each other."""
    depth = edt.edt(mask.astype(np.uint8), black_border=True)
    inner = np.argwhere(depth >= depth.max() / 2).astype(np.float64)
    return spread(inner)


def spread(places: Float[Array, "n 3"], count: int = FEW) -> Float[Array, "m 3"]:
    """At most `count` of the places: the one nearest their middle, then always the farthest."""
    middle = places.mean(axis=0)
    chosen = [int(np.argmin(_away(places, middle)))]
    nearest = _away(places, places[chosen[0]])
    while len(chosen) < min(count, len(places)) and nearest.max() > 0:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, _away(places, places[chosen[-1]]))
    picked: Array = places[chosen]
    return picked


def _away(places: Float[Array, "n 3"], one: ArrayLike) -> Float[Array, " n"]:
    distance: Array = np.linalg.norm(places - np.asarray(one), axis=1)
    return distance
