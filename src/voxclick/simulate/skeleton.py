"""The middle line of a shape on one slice."""

import numpy as np
from jaxtyping import Bool

from voxclick.types import Array

AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""The eight neighbours in clockwise order, from the one above."""


def skeleton(plane: Bool[Array, "a b"]) -> Bool[Array, "a b"]:
    """The shape thinned to lines one voxel wide (Zhang and Suen 1984).

    Two by two voxels alone vanish, a known flaw of the method; an empty plane stays empty.
    """
    thin = np.pad(plane, 1)
    while True:
        before = int(thin.sum())
        for south_east in (True, False):
            thin[1:-1, 1:-1] &= ~_removable(thin, south_east)
        if int(thin.sum()) == before:
            return thin[1:-1, 1:-1]


def _removable(padded: Bool[Array, "c d"], south_east: bool) -> Bool[Array, "a b"]:
    """The rim voxels on one side whose removal neither splits the shape nor shortens a line."""
    rows, columns = padded.shape
    ring = np.stack([padded[1 + a : rows - 1 + a, 1 + b : columns - 1 + b] for a, b in AROUND])
    north, east, south, west = ring[::2]
    count = ring.sum(axis=0)
    pieces = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
    rim = ~(east & south & (north | west)) if south_east else ~(north & west & (east | south))
    removable: Array = (count >= 2) & (count <= 6) & (pieces == 1) & rim
    return removable
