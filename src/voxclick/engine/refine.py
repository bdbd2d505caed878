"""Finer looks along the boundary of what a coarse look changed, most changed first."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from jaxtyping import Bool

from voxclick.engine.object_state import Look
from voxclick.engine.predict import Model
from voxclick.geometry import Box
from voxclick.types import Array, Index3
from voxclick.volume import Blocks

MARGIN = 1 / 8
"""The outer part of a refined patch (this share of its width) is seen, and not written."""


def patches(
    model: Model, claim: Bool[Array, "i j k"] | Blocks, changed: Box
) -> list[tuple[Look, Box]]:
    """The finest views that see the boundary inside `changed`, the fullest first.

    Each comes with the native voxels that it may write: its core, without the rim where what
    lies outside the view could be missed.
    """
    grid, spec = model.volume.grid, model.spec
    steps = np.array(spec.spacing_mm(grid, 0)) / np.array(grid.spacing_mm)
    core = np.maximum(1, np.floor(np.array(spec.patch) * steps * (1 - 2 * MARGIN))).astype(int)
    found: list[tuple[int, Box]] = []
    for box in _tiles(changed, (int(core[0]), int(core[1]), int(core[2])), grid.box):
        boundary = _boundary_voxels(claim, box)
        if boundary > 0:
            found.append((boundary, box))
    found.sort(key=lambda pair: -pair[0])
    return [(Look(spec.look(grid, box, 0), 0), box) for _, box in found[: spec.refinements]]


def _tiles(box: Box, size: Index3, whole: Box) -> Iterator[Box]:
    """The cells of a fixed lattice that meet the box, cut to the volume.

    The lattice does not move with the box, so that the next click finds its views encoded.
    """
    firsts = [
        range(box.start[axis] // size[axis] * size[axis], box.stop[axis], size[axis])
        for axis in range(3)
    ]
    for i, j, k in product(*firsts):
        yield Box((i, j, k), (i + size[0], j + size[1], k + size[2])).intersection(whole)


def _boundary_voxels(claim: Bool[Array, "i j k"] | Blocks, box: Box) -> int:
    """How often the mask changes between neighbours inside the box."""
    crop = claim[box.slices].view(np.int8)
    return sum(int(np.count_nonzero(np.diff(crop, axis=axis))) for axis in range(3))
