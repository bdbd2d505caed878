"""Boxes too large to be held in memory at once, in portions."""

from collections.abc import Iterator

from voxclick.geometry import Box

HELD = 1 << 27
"""Voxels: 512 x 512 x 512. Up to so many are worked on at once."""

PORTION = 1 << 25
"""Voxels of a portion of a larger box."""


def portions(box: Box) -> Iterator[Box]:
    """The box itself, or slabs of it where it is too large."""
    return iter([box]) if box.voxels <= HELD else box.slabs(PORTION)
