"""A half-open box of whole voxels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Int

from voxclick.types import Array, GivenIndex3, Index3


@dataclass(frozen=True, slots=True)
class Box:
    """The voxels `start <= index < stop`, axis by axis.

    Attributes:
        start: First voxel index inside, per axis.
        stop: First voxel index beyond, per axis; never below `start`.
    """

    start: GivenIndex3
    stop: GivenIndex3

    EMPTY: ClassVar["Box"]

    def __post_init__(self) -> None:
        start = tuple(int(a) for a in self.start)
        stop = tuple(max(int(b), a) for a, b in zip(start, self.stop, strict=True))
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "stop", stop)

    @classmethod
    def whole(cls, shape: Index3) -> "Box":
        """The box that covers an array of this shape."""
        return cls((0, 0, 0), shape)

    @classmethod
    def around(cls, voxels: Int[Array, "n 3"]) -> "Box":
        """The smallest box that holds all these voxels; empty for none."""
        if len(voxels) == 0:
            return cls.EMPTY
        (i0, j0, k0), (i1, j1, k1) = voxels.min(axis=0), voxels.max(axis=0) + 1
        return cls((i0, j0, k0), (i1, j1, k1))

    @classmethod
    def of_mask(cls, mask: Bool[Array, "i j k"]) -> "Box":
        """The smallest box that holds all true voxels; empty for an empty mask."""
        limits: list[tuple[int, int]] = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            filled = np.flatnonzero(mask.any(axis=others))
            if len(filled) == 0:
                return cls.EMPTY
            limits.append((int(filled[0]), int(filled[-1]) + 1))
        (i0, i1), (j0, j1), (k0, k1) = limits
        return cls((i0, j0, k0), (i1, j1, k1))

    @property
    def shape(self) -> Index3:
        """Number of voxels along each axis."""
        return (
            self.stop[0] - self.start[0],
            self.stop[1] - self.start[1],
            self.stop[2] - self.start[2],
        )

    @property
    def voxels(self) -> int:
        """Number of voxels inside."""
        i, j, k = self.shape
        return i * j * k

    @property
    def empty(self) -> bool:
        """Whether the box holds no voxel."""
        return self.voxels == 0

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """What to index an array with to get this box of it."""
        return (
            slice(self.start[0], self.stop[0]),
            slice(self.start[1], self.stop[1]),
            slice(self.start[2], self.stop[2]),
        )

    def contains(self, voxel: GivenIndex3) -> bool:
        """Whether the voxel lies inside."""
        return all(a <= v < b for a, v, b in zip(self.start, voxel, self.stop, strict=True))

    def intersection(self, other: "Box") -> "Box":
        """The voxels that both hold; empty where they do not meet."""
        start = tuple(max(a, b) for a, b in zip(self.start, other.start, strict=True))
        stop = tuple(min(a, b) for a, b in zip(self.stop, other.stop, strict=True))
        if any(b <= a for a, b in zip(start, stop, strict=True)):
            return Box.EMPTY
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        if self.empty:
            return other
        if other.empty:
            return self
        start = tuple(min(a, b) for a, b in zip(self.start, other.start, strict=True))
        stop = tuple(max(a, b) for a, b in zip(self.stop, other.stop, strict=True))
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def padded(self, margin: int | Index3) -> "Box":
        """The box grown by `margin` voxels on every side (negative shrinks)."""
        by = (margin, margin, margin) if isinstance(margin, int) else margin
        return Box(
            (self.start[0] - by[0], self.start[1] - by[1], self.start[2] - by[2]),
            (self.stop[0] + by[0], self.stop[1] + by[1], self.stop[2] + by[2]),
        )

    def slabs(self, voxels: int, multiple: int = 1) -> Iterator["Box"]:
        """The box in parts along its first axis, none of more than so many voxels if it can be.

        Args:
            voxels: Of a part, at most.
            multiple: A part has so many rows along the first axis, or a multiple of it, but the
                last.
        """
        most = voxels // max(1, self.shape[1] * self.shape[2])
        rows = max(multiple, most // multiple * multiple)
        for first in range(self.start[0], self.stop[0], rows):
            last = min(first + rows, self.stop[0])
            yield Box((first, *self.start[1:]), (last, *self.stop[1:]))

    def shifted(self, by: Index3) -> "Box":
        """The box moved by whole voxels."""
        return Box(
            (self.start[0] + by[0], self.start[1] + by[1], self.start[2] + by[2]),
            (self.stop[0] + by[0], self.stop[1] + by[1], self.stop[2] + by[2]),
        )


Box.EMPTY = Box((0, 0, 0), (0, 0, 0))
