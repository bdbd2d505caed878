"""Prompts of every kind as the points that the network takes.

A point is itself. A scribble gives a few of its voxels, far from each other; a lasso a few of the
inner half of what it encloses; a box its middle. Without a positive prompt in the view, a few
voxels deep inside the mask so far stand for the object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt
from voxclick.types import Array, Index3

FEW = 5
"""Points that a scribble, a lasso or a mask gives."""

MOST = 10
"""Points on either side, the newest: the published networks were asked with up to ten."""


@dataclass(frozen=True, eq=False)
class Points:
    """What the network is told.

    Attributes:
        at: Indices of the view.
        positive: Which of them say "the object".
    """

    at: Float[Array, "n 3"]
    positive: Bool[Array, " n"]


def points_of(
    prompts: Sequence[Prompt], shape: Index3, before: Bool[Array, "i j k"] | None
) -> Points:
    """The points of all prompts in a view.

    Args:
        prompts: In indices of the view, oldest first.
        shape: Of the view.
        before: The object's mask so far, for views without a positive prompt.
    """
    sides: dict[bool, list[Array]] = {True: [], False: []}
    for prompt in prompts:
        sides[bool(prompt.positive)].append(_points(prompt, shape))
    if not sides[True] and before is not None and before.any():
        sides[True].append(deep(before))
    none = np.zeros((0, 3))
    own = np.concatenate([none, *sides[True]])[-MOST:]
    other = np.concatenate([none, *sides[False]])[-MOST:]
    signs = np.repeat([True, False], [len(own), len(other)])
    return Points(np.concatenate([own, other]), signs)


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


def _points(prompt: Prompt, shape: Index3) -> Float[Array, "n 3"]:
    if isinstance(prompt, Point):
        return np.array([prompt.at])
    if isinstance(prompt, BoxPrompt):
        low, high = np.maximum(prompt.start, 0), np.minimum(prompt.stop, shape)
        return (low + high)[None] / 2 - 0.5
    voxels = prompt.voxels()
    seen = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)].astype(np.float64)
    if isinstance(prompt, Lasso):
        from_middle = _away(seen, seen.mean(axis=0))
        seen = seen[from_middle <= np.median(from_middle)]
    return spread(seen)


def _away(places: Float[Array, "n 3"], one: ArrayLike) -> Float[Array, " n"]:
    distance: Array = np.linalg.norm(places - np.asarray(one), axis=1)
    return distance
