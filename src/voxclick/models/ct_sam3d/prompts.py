"""Prompts of every kind as the clicks that the network takes.

A point is itself. A scribble gives a few of its voxels, far from each other, and so does a lasso of
the inner half of what it encloses. A positive box gives a click in its middle and one, negative,
just beyond the middle of each of its faces; a negative box one negative click in its middle. What a
box or a scribble says beyond the patch is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from voxclick.models.layers.places import spread
from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt
from voxclick.types import Array, Index3

MOST = 24
"""Clicks on either side that a prompt map holds, the newest: as many as in training."""

BEYOND = 2.0
"""Voxels between a face of a box and the negative click outside of it."""


@dataclass(frozen=True, eq=False)
class Clicks:
    """What the network is told.

    Attributes:
        at: Indices of the view, inside it, in the order they were given.
        labels: 1 the object, 0 not.
    """

    at: Float[Array, "n 3"]
    labels: Int[Array, " n"]

    def key(self) -> bytes:
        """The same bytes for the same clicks."""
        return self.at.tobytes() + self.labels.astype(np.int8).tobytes()


def clicks_of(prompts: Sequence[Prompt], shape: Index3) -> Clicks:
    """The clicks of all prompts in a view, oldest first.

    Args:
        prompts: In indices of the view.
        shape: Of the view.
    """
    given = [_clicks(prompt, shape) for prompt in prompts]
    at = np.concatenate([np.zeros((0, 3)), *(places for places, _ in given)])
    labels = np.concatenate([np.zeros(0, dtype=np.int64), *(signs for _, signs in given)])
    at = np.floor(at + 0.5)
    kept = ((at >= 0) & (at < shape)).all(axis=1)
    at, labels = at[kept], labels[kept]
    newest = np.ones(len(at), dtype=np.bool_)
    for side in (0, 1):
        newest[np.flatnonzero(labels == side)[:-MOST]] = False
    return Clicks(at[newest], labels[newest])


def _clicks(prompt: Prompt, shape: Index3) -> tuple[Float[Array, "n 3"], Int[Array, " n"]]:
    if isinstance(prompt, BoxPrompt):
        return _box(prompt)
    if isinstance(prompt, Point):
        places = np.array([prompt.at])
    else:
        voxels = prompt.voxels()
        places = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)].astype(np.float64)
        if isinstance(prompt, Lasso):
            away = np.linalg.norm(places - places.mean(axis=0), axis=1)
            places = places[away <= np.median(away)]
        places = spread(places)
    return places, np.full(len(places), int(prompt.positive))


def _box(prompt: BoxPrompt) -> tuple[Float[Array, "n 3"], Int[Array, " n"]]:
    start, stop = np.array(prompt.start), np.array(prompt.stop)
    middle = (start + stop - 1) / 2
    if not prompt.positive:
        return middle[None], np.zeros(1, dtype=np.int64)
    places = [middle]
    for axis in range(3):
        if axis == prompt.flat_axis:
            continue
        for face in (start[axis] - BEYOND, stop[axis] - 1 + BEYOND):
            outside = middle.copy()
            outside[axis] = face
            places.append(outside)
    labels = np.zeros(len(places), dtype=np.int64)
    labels[0] = 1
    return np.stack(places), labels
