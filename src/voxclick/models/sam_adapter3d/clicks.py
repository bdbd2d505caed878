"""Prompts of every kind as the points that the network takes.

A point is itself. A scribble gives a few of its voxels, far from each other; a lasso a few of the
inner half of what it encloses; a box its middle. Without a positive prompt in the view, a few
voxels deep inside the mask so far stand for the object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from voxclick.models.layers.places import deep, spread
from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt
from voxclick.types import Array, Index3

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


def _points(prompt: Prompt, shape: Index3) -> Float[Array, "n 3"]:
    if isinstance(prompt, Point):
        return np.array([prompt.at])
    if isinstance(prompt, BoxPrompt):
        low, high = np.maximum(prompt.start, 0), np.minimum(prompt.stop, shape)
        return (low + high)[None] / 2 - 0.5
    voxels = prompt.voxels()
    seen = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)].astype(np.float64)
    if isinstance(prompt, Lasso):
        from_middle = np.linalg.norm(seen - seen.mean(axis=0), axis=1)
        seen = seen[from_middle <= np.median(from_middle)]
    return spread(seen)
