"""The corrections that the network itself does not know: what to cut off, and what to keep.

Published weights know positive points alone. What the user sees follows from their answer, all
prompts and the mask so far:

* A negative prompt cuts: voxels near it that its paths reach before those of the positive prompts
  are not the object. Paths pay for length, for edges of the image and for edges of the answer.
  What the cut separates from every positive prompt goes too.
* A positive prompt adds: the mask so far, and the part of the network's new answer near it that
  holds it. Where the answer does not reach it, the voxels most like it around it.
* How near is set by how deep a prompt lies in what it corrects: a small error is mended without
  moving the far side of the object.
* The mask so far stays, but for its outermost voxels, where the answer may draw the boundary anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import edt
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch.nn import functional

from voxclick.models.evidence.features import normalised, smoothed
from voxclick.models.evidence.race import signed_distance
from voxclick.models.evidence.reading import Reading
from voxclick.models.evidence.seeds import Seeds, gather
from voxclick.models.evidence.sweep import FAR, edge_costs, geodesic_distance
from voxclick.prompts import Prompt
from voxclick.types import Array, Vector3

COARSE = 64
"""The race is run on at most this many voxels along each axis."""

EVEN: Vector3 = (1.0, 1.0, 1.0)
"""Lengths of steps: crops are isotropic."""

LIMIT = 3.0
"""Answers are held within this, so that no answer is too sure to be corrected."""

BOUNDARY = 0.5
"""The share of an answer in what was found before: it moves the boundary by one voxel at most."""

ANSWER_RATE, INTENSITY_RATE, LENGTH_RATE = 6.0, 15.0, 0.06
"""What a path pays for an edge of the answer, for an edge of the image, and for its length."""

REACH_RATE, REACH_LEAST, REACH_MOST = 4.0, 4.0, 24.0
"""How far a prompt reaches by how deep it lies in what it corrects, in voxels."""

TOUCH = 3
"""A part of the answer this near to a positive prompt holds it, in voxels."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What the image says, for the race.

    Attributes:
        image: Normalised to 0 to 1, as fine as the view.
        coarse: The same on the grid of the race.
    """

    image: Float32[Array, "i j k"]
    coarse: Float32[Array, "u v w"]

    @classmethod
    def of(cls, image: Float[Array, "i j k"]) -> "Ground":
        """Of a view's intensities, in any scale."""
        even = normalised(image).astype(np.float32)
        small = _resized(even, min(COARSE, even.shape[0]))
        return cls(even, smoothed(small, 0.6, EVEN).astype(np.float32))

    @property
    def nbytes(self) -> int:
        """Memory it holds."""
        return int(self.image.nbytes + self.coarse.nbytes)


def settled(
    answer: Float[Array, "i j k"],
    ground: Ground,
    prompts: Sequence[Prompt],
    before: Bool[Array, "i j k"] | None,
    understood: bool = False,
) -> Float32[Array, "i j k"]:
    """The score of each voxel, above 0 where the object is.

    Args:
        answer: The network's log odds.
        ground: Of the view.
        prompts: In indices of the view, oldest first.
        before: The object's mask before the newest prompt; None for a new object.
        understood: Whether the answer already heeds negative prompts.
    """
    seeds = gather(prompts, ground.image, EVEN)
    asked = (LIMIT * np.tanh(answer / LIMIT)).astype(np.float32)
    negative = [reading for reading in seeds.readings if reading.other.size]
    if negative and not understood:
        asked = _cut(asked, ground, seeds, negative)
    if before is None or not before.any():
        return _marked(_held(asked, seeds.own), seeds)
    prior = signed_distance(before, EVEN)
    kept = LIMIT * np.tanh(prior / 2) + BOUNDARY * asked
    newest = seeds.readings[-1] if seeds.readings else None
    if newest is not None and newest.other.size:
        found = _cut(kept, ground, seeds, [newest])
        found = _without_separated(found, kept, seeds)
    elif newest is not None:
        found = np.maximum(kept, _added(asked, newest, prior))
    else:
        found = kept
    return _marked(found, seeds)


def _cut(
    score: Float[Array, "i j k"], ground: Ground, seeds: Seeds, negative: Sequence[Reading]
) -> Float32[Array, "i j k"]:
    """The score without what the negative prompts win."""
    size = ground.coarse.shape[0]
    small = _resized(score, size)
    likely = (1 / (1 + np.exp(-small))).astype(np.float32)
    rates = (ANSWER_RATE, INTENSITY_RATE)
    costs = edge_costs((likely, ground.coarse), rates, EVEN, LENGTH_RATE)
    depth = signed_distance(small > 0, EVEN) if (small > 0).any() else small
    losing = np.zeros(small.shape, dtype=np.bool_)
    near = np.zeros(small.shape, dtype=np.bool_)
    for reading in negative:
        own = _placed(reading.other, score.shape, size)
        losing |= own
        near |= _near(np.flatnonzero(own), depth, score.shape[0] / size)
    winning = _winning(seeds, depth, near) & ~losing
    ours = geodesic_distance(costs, np.where(winning, 0.0, FAR).astype(np.float32))
    theirs = geodesic_distance(costs, np.where(losing, 0.0, FAR).astype(np.float32))
    lead = np.tanh(np.minimum(theirs, 50.0) - np.minimum(ours, 50.0))
    margin = _resized(np.where(near, lead, 1.0).astype(np.float32), score.shape[0])
    cut: Array = np.where(margin < 0, np.minimum(score, LIMIT * margin), score)
    return cut.astype(np.float32)


def _near(flat: Array, depth: Float[Array, "i j k"], step: float) -> Bool[Array, "i j k"]:
    """How far a prompt reaches: the farther, the deeper it lies in what it corrects.

    Args:
        flat: Its voxels, as flat indices.
        depth: Signed distance to the boundary, in voxels of this grid.
        step: Voxels of the view that one of this grid is wide.
    """
    if not flat.size:
        return np.ones(depth.shape, dtype=np.bool_)
    reach = REACH_RATE * step * float(np.abs(depth.ravel()[flat]).max()) + REACH_LEAST
    away = np.ones(depth.shape, dtype=np.bool_)
    away.ravel()[flat] = False
    near: Array = edt.edt(away) * step <= min(reach, REACH_MOST)
    return near


def _winning(
    seeds: Seeds, depth: Float[Array, "u v w"], near: Bool[Array, "u v w"]
) -> Bool[Array, "u v w"]:
    """Where the object's paths start: at its prompts; without any, deep in what a cut spares."""
    size = depth.shape[0]
    own = np.flatnonzero(seeds.own)
    cores = [own, *seeds.cores]
    placed = _placed(np.concatenate(cores), seeds.marks.shape, size)
    if placed.any():
        return placed
    spared = np.where(near, -1.0, depth)
    return spared >= max(1.0, min(3.0, float(spared.max())))


def _held(score: Float[Array, "i j k"], own: Bool[Array, "i j k"]) -> Float[Array, "i j k"]:
    """The parts of an answer that hold a positive prompt; all of it where none does."""
    parts = cc3d.connected_components(score > 0, connectivity=6)
    wanted = _parts_at(parts, np.argwhere(own))
    if not wanted.any():
        return score
    held: Array = np.where(wanted[parts] | (score <= 0), score, -score)
    return held


def _added(
    score: Float[Array, "i j k"], newest: Reading, prior: Float[Array, "i j k"]
) -> Float[Array, "i j k"]:
    """What the newest prompt adds: the part of the answer that holds it, or voxels like it."""
    near = _near(newest.inside if newest.core.size else newest.own, prior, 1.0)
    parts = cc3d.connected_components((score > 0) & near, connectivity=6)
    wanted = _parts_at(parts, newest.about)
    added: Array = np.where(wanted[parts], score, -LIMIT).astype(np.float32)
    if not wanted.any():
        added.ravel()[newest.inside] = 1.0
    return added


def _without_separated(
    score: Float[Array, "i j k"], before: Float[Array, "i j k"], seeds: Seeds
) -> Float[Array, "i j k"]:
    """A cut score without the pieces that lost every positive prompt of what they were part of."""
    own = np.argwhere(seeds.own & (before > 0))
    whole = cc3d.connected_components(before > 0, connectivity=6)
    asked = _parts_at(whole, own, touch=0)
    pieces = cc3d.connected_components(score > 0, connectivity=6)
    wanted = _parts_at(pieces, own, touch=0)
    lost = asked[whole] & ~wanted[pieces] & (score > 0)
    kept: Array = np.where(lost, -1.0, score)
    return kept


def _parts_at(
    parts: Float[Array, "i j k"] | Array, places: Array, touch: int = TOUCH
) -> Bool[Array, " p"]:
    """Which parts lie within a few voxels of a place."""
    wanted = np.zeros(int(parts.max()) + 1, dtype=np.bool_)
    for i, j, k in places:
        near = parts[
            max(i - touch, 0) : i + touch + 1,
            max(j - touch, 0) : j + touch + 1,
            max(k - touch, 0) : k + touch + 1,
        ]
        wanted[np.unique(near)] = True
    wanted[0] = False
    return wanted


def _marked(score: Float[Array, "i j k"], seeds: Seeds) -> Float32[Array, "i j k"]:
    """The score with what prompts leave no doubt about."""
    found = np.where(seeds.marks == 1, np.maximum(score, 1.0), score)
    found = np.where(seeds.marks == -1, np.minimum(found, -1.0), found)
    return found.astype(np.float32)


def _placed(flat: Array, shape: tuple[int, ...], size: int) -> Bool[Array, "u v w"]:
    """Flat indices of a view on the grid of the race."""
    placed = np.zeros((size, size, size), dtype=np.bool_)
    places = np.array(np.unravel_index(flat, shape)) * size // shape[0]
    placed[tuple(places)] = True
    return placed


def _resized(image: Float[Array, "i j k"], size: int) -> Float32[Array, "u v w"]:
    """A cube in another number of voxels: means where it shrinks, linear where it grows."""
    given = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None]
    if size < image.shape[0]:
        found = functional.adaptive_avg_pool3d(given, size)
    else:
        found = functional.interpolate(given, size=[size] * 3, mode="trilinear")
    resized: Array = found[0, 0].numpy()
    return resized
