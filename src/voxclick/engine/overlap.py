"""Who gets the voxels that several objects claim.

The rule looks at nothing but the claims and the prompts in force, so that the same prompts give
the same label map whatever was undone on the way (docs/adr/0002-overlap.md).
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int, UInt16
from scipy.spatial import cKDTree

from voxclick.engine.object_state import ObjectState
from voxclick.errors import OptionError
from voxclick.geometry import Box, Grid
from voxclick.types import Array
from voxclick.volume import Blocks

Overlap = Literal["nearest", "first", "last", "allow"]
"""Who wins a voxel that several claim: the object with the nearest positive prompt, the one opened
first or last, or all of them."""


FEW_SEEDS = 16
"""Up to so many prompts, trying each is faster than a tree."""

SLAB_VOXELS = 1 << 22
"""Voxels that are settled at a time, so that a leak over a whole scan costs no memory."""


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
    labels: UInt16[Array, "i j k"] | Blocks,
    box: Box,
    states: Sequence[ObjectState],
    grid: Grid,
    overlap: Overlap,
) -> Box:
    """Write, in place, the label of every voxel of `box`; gives the box of those that changed."""
    present = [s for s in states if not s.bounds.intersection(box).empty]
    present.sort(key=lambda state: _last_order(state) if overlap == "nearest" else state.label)
    nearness = [_Nearness(state, grid) for state in present] if overlap == "nearest" else []
    changed = Box.EMPTY
    for slab in box.slabs(SLAB_VOXELS):
        new = np.zeros(slab.shape, dtype=np.uint16)
        contested = np.zeros(slab.shape, dtype=np.bool_)
        for state in present:
            claim = state.claim[slab.slices]
            contested |= claim & (new > 0)
            new[claim & (new == 0) if overlap == "first" else claim] = state.label
        if overlap == "nearest" and contested.any():
            new[contested] = _nearest(np.argwhere(contested), slab, nearness)
        differs = Box.of_mask(labels[slab.slices] != new)
        labels[slab.slices] = new
        if not differs.empty:
            changed = changed.union(differs.shifted(slab.start))
    return changed


class _Nearness:
    """How far places are from an object's positive prompts."""

    def __init__(self, state: ObjectState, grid: Grid) -> None:
        self.state = state
        self._grid = grid
        self._seeds_mm = grid.to_ras(np.unique(state.seeds(), axis=0).astype(np.float64))
        self._tree = cKDTree(self._seeds_mm) if len(self._seeds_mm) > FEW_SEEDS else None

    def distance_mm(self, voxels: Int[Array, "n 3"]) -> Float[Array, " n"]:
        """To the nearest positive prompt; infinite where there is none."""
        places = self._grid.to_ras(voxels.astype(np.float64))
        if self._tree is not None:
            found: Array = self._tree.query(places)[0]
            return found
        nearest = np.full(len(places), np.inf)
        for seed in self._seeds_mm:
            off = places - seed
            np.minimum(nearest, np.einsum("nc,nc->n", off, off), out=nearest)
        distance: Array = np.sqrt(nearest)
        return distance


def _nearest(
    voxels: Int[Array, "n 3"], box: Box, nearness: Sequence[_Nearness]
) -> UInt16[Array, " n"]:
    """For each contested voxel the label of the claimant whose positive prompt is nearest, in mm.

    Args:
        voxels: Indices within `box`.
        box: Where they lie.
        nearness: Of the objects, the one prompted last at the end: of two as near, it wins.
    """
    best = np.full(len(voxels), np.inf)
    winners = np.zeros(len(voxels), dtype=np.uint16)
    i, j, k = (voxels + np.array(box.start)).T
    for near in nearness:
        claimed = np.flatnonzero(near.state.claim[i, j, k])
        distance = near.distance_mm(np.stack([i[claimed], j[claimed], k[claimed]], axis=1))
        wins = (distance <= best[claimed]) | (winners[claimed] == 0)
        best[claimed[wins]], winners[claimed[wins]] = distance[wins], near.state.label
    return winners


def _last_order(state: ObjectState) -> int:
    return max((record.order for record in state.done), default=-1)
