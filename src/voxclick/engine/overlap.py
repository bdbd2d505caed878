"""Who gets the voxels that several objects claim.

The rule looks at nothing but the claims and the prompts in force, so that the same prompts give
the same label map whatever was undone on the way (docs/adr/0002-overlap.md).
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int, UInt16
from scipy.spatial import cKDTree

from voxclick.engine.object_state import ObjectState
from voxclick.errors import OptionError
from voxclick.geometry import Box, Grid
from voxclick.types import Array

Overlap = Literal["nearest", "first", "last", "allow"]
"""Who wins a voxel that several claim: the object with the nearest positive prompt, the one opened
first or last, or all of them."""


def overlap_rule(name: str) -> Overlap:
    """The rule of that name.

    Raises:
        OptionError: If there is none.
    """
    rules: tuple[Overlap, ...] = get_args(Overlap)
    for rule in rules:
        if rule == name:
            return rule
    raise OptionError(f"overlap must be one of {', '.join(rules)}, got {name!r}")


def affected(changed: Box, state: ObjectState, others: Sequence[ObjectState]) -> Box:
    """Where labels can differ after a change of one object: a prompt can win voxels far away."""
    box = changed
    for other in others:
        if other is not state:
            box = box.union(state.bounds.intersection(other.bounds))
    return box


def assign(
    labels: UInt16[Array, "i j k"],
    box: Box,
    states: Sequence[ObjectState],
    grid: Grid,
    overlap: Overlap,
) -> Box:
    """Write, in place, the label of every voxel of `box`; gives the box of those that changed."""
    present = [s for s in states if not s.bounds.intersection(box).empty]
    claims = [s.claim[box.slices] for s in present]
    new = np.zeros(box.shape, dtype=np.uint16)
    contested = np.zeros(box.shape, dtype=np.bool_)
    for state, claim in zip(present, claims, strict=True):
        contested |= claim & (new > 0)
        if overlap == "first":
            new[claim & (new == 0)] = state.label
        else:
            new[claim] = state.label
    if overlap == "nearest" and contested.any():
        voxels = np.argwhere(contested)
        winners = _nearest(voxels, box, present, claims, grid)
        new[contested] = winners
    changed = Box.of_mask(labels[box.slices] != new)
    labels[box.slices] = new
    return changed.shifted(box.start) if not changed.empty else Box.EMPTY


def _nearest(
    voxels: Int[Array, "n 3"],
    box: Box,
    states: Sequence[ObjectState],
    claims: Sequence[Bool[Array, "i j k"]],
    grid: Grid,
) -> UInt16[Array, " n"]:
    """For each contested voxel the label of the claimant whose positive prompt is nearest, in mm.

    Of two as near, the one prompted last wins.
    """
    places = grid.to_ras((voxels + np.array(box.start)).astype(np.float64))
    best = np.full(len(voxels), np.inf)
    winners = np.zeros(len(voxels), dtype=np.uint16)
    i, j, k = voxels.T
    by_age = sorted(zip(states, claims, strict=True), key=lambda pair: _last_order(pair[0]))
    for state, claim in by_age:
        claimed = claim[i, j, k]
        distance = np.where(claimed, _distance_mm(places, state, grid), np.inf)
        wins = claimed & ((distance <= best) | (winners == 0))
        best[wins], winners[wins] = distance[wins], state.label
    return winners


def _last_order(state: ObjectState) -> int:
    return max((record.order for record in state.done), default=-1)


def _distance_mm(places: Float[Array, "n 3"], state: ObjectState, grid: Grid) -> Float[Array, " n"]:
    seeds = state.seeds()
    if len(seeds) == 0:
        return np.full(len(places), np.inf)
    tree = cKDTree(grid.to_ras(seeds.astype(np.float64)))
    # threads cost more than they bring below this
    distance: Array = tree.query(places, workers=-1 if len(places) > 100_000 else 1)[0]
    return distance
