"""Arrays of which only parts are ever in memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jaxtyping import Shaped

from voxclick.errors import InputError
from voxclick.geometry import Box
from voxclick.types import Array, Index3

PART_BYTES = 1 << 26
"""About so much is taken up at a time, where all of an array is gone through."""


class Partwise(ABC):
    """An array `[i, j, k]` that gives its parts as NumPy arrays.

    It is indexed as NumPy arrays are, with slices (of any step from 1 up), whole numbers, or one
    index array an axis; what that gives is a copy. `numpy.asarray` makes an array of all of it.

    Attributes:
        shape: Number of voxels along each axis.
        dtype: Their type.
        unit: What is stored together: reading less of it costs as much.
    """

    shape: Index3
    dtype: np.dtype[Any]
    unit: Index3

    @abstractmethod
    def part(self, box: Box) -> Shaped[Array, "i j k"]:
        """The voxels in a box of the array, as an array of its own."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 3

    @property
    def size(self) -> int:
        """Number of voxels."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it would take up as one array."""
        return self.size * self.dtype.itemsize

    def units(self, within: Box) -> Iterator[Box]:
        """The units that a box meets, cut to it."""
        firsts = [
            range(within.start[axis] // size * size, within.stop[axis], size)
            for axis, size in enumerate(self.unit)
        ]
        for i, j, k in product(*firsts):
            whole = Box((i, j, k), (i + self.unit[0], j + self.unit[1], k + self.unit[2]))
            yield whole.intersection(within)

    def parts(self, within: Box, most_bytes: int = PART_BYTES) -> Iterator[Box]:
        """Boxes of whole units that together are a box, of so many bytes each if they can be."""
        if within.empty:
            return
        size = list(self.unit)
        for axis in range(3):
            beside = prod(min(size[o], within.shape[o]) for o in range(3) if o != axis)
            most = max(1, most_bytes // (beside * self.dtype.itemsize) // size[axis])
            size[axis] *= min(most, -(-within.shape[axis] // size[axis]) + 1)
        firsts = [
            range(within.start[axis] // self.unit[axis] * self.unit[axis], within.stop[axis], step)
            for axis, step in enumerate(size)
        ]
        for i, j, k in product(*firsts):
            yield Box((i, j, k), (i + size[0], j + size[1], k + size[2])).intersection(within)

    def occupied(self, within: Box) -> Box:
        """A part of a box outside of which there are only zeros, as far as it is known unread."""
        return within

    def min(self) -> Any:
        """The lowest value."""
        return min(self.part(box).min() for box in self.parts(Box.whole(self.shape)))

    def max(self) -> Any:
        """The highest value."""
        return max(self.part(box).max() for box in self.parts(Box.whole(self.shape)))

    def any(self) -> bool:
        """Whether a voxel is other than 0."""
        return any(self.part(box).any() for box in self.parts(Box.whole(self.shape)))

    def whole(self) -> Shaped[Array, "i j k"]:
        """All of it as one array."""
        return self.part(Box.whole(self.shape))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("an array that is kept in parts cannot be one without a copy")
        return self.whole().astype(self.dtype if dtype is None else dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        keys = _keys(key)
        if all(isinstance(one, np.ndarray | list) for one in keys):
            i, j, k = np.broadcast_arrays(*(np.asarray(one) for one in keys))
            return self._at(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1)).reshape(i.shape)
        ranges, dropped = [], []
        for axis, one in enumerate(keys):
            if isinstance(one, slice):
                ranges.append(range(self.shape[axis])[one])
            else:
                first = range(self.shape[axis])[one]
                ranges.append(range(first, first + 1))
                dropped.append(axis)
        found = self._every(ranges)
        return found[tuple(0 if axis in dropped else slice(None) for axis in range(3))]

    def _every(self, ranges: list[range]) -> Array:
        """The voxels at every crossing of three ranges, a unit at a time where they skip some."""
        if any(one.step < 1 for one in ranges):
            raise InputError(f"an array in parts needs steps from 1 up, got {ranges}")
        box = _spanned(ranges)
        if all(one.step == 1 or len(one) < 2 for one in ranges):
            return self.part(box)
        found = np.empty(tuple(len(one) for one in ranges), dtype=self.dtype)
        for unit in self.units(box):
            inside = [_within(one, unit, axis) for axis, one in enumerate(ranges)]
            if all(inside):
                met = _spanned(inside)
                steps = tuple(slice(None, None, one.step) for one in inside)
                places = tuple(
                    slice(one.index(part[0]), one.index(part[0]) + len(part))
                    for one, part in zip(ranges, inside, strict=True)
                )
                found[places] = self.part(met)[steps]
        return found

    def _at(self, voxels: Array) -> Array:
        """The voxels at rows of indices."""
        rows = np.where(voxels < 0, voxels + np.array(self.shape), voxels)
        found = np.empty(len(rows), dtype=self.dtype)
        cells, which = np.unique(rows // np.array(self.unit), axis=0, return_inverse=True)
        for place in range(len(cells)):
            here = np.flatnonzero(which.ravel() == place)
            box = Box.around(rows[here])
            i, j, k = (rows[here] - np.array(box.start)).T
            found[here] = self.part(box)[i, j, k]
        return found


Voxels: TypeAlias = Array | Partwise
"""Voxels in memory, or those of a volume too large for it."""

if TYPE_CHECKING:
    GivenVoxels: TypeAlias = Voxels
else:  # whatever is passed: who takes it checks it, in words
    GivenVoxels = Any


def box_of(key: Any, shape: Index3) -> Box:
    """The box that slices of step 1 say of an array of this shape."""
    ranges = [range(size)[one] for size, one in zip(shape, _keys(key), strict=True)]
    return _spanned(ranges)


def _keys(key: Any) -> list[Any]:
    """One key an axis."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(one is Ellipsis for one in keys):
        place = next(n for n, one in enumerate(keys) if one is Ellipsis)
        keys[place : place + 1] = [slice(None)] * (4 - len(keys))
    if len(keys) > 3:
        raise IndexError(f"an array of 3 axes takes at most 3 indices, got {len(keys)}")
    return keys + [slice(None)] * (3 - len(keys))


def _spanned(ranges: list[range]) -> Box:
    i, j, k = ranges
    if not (i and j and k):
        stop = (i.start + len(i), j.start + len(j), k.start + len(k))
        return Box((i.start, j.start, k.start), stop)
    return Box((i[0], j[0], k[0]), (i[-1] + 1, j[-1] + 1, k[-1] + 1))


def _within(one: range, box: Box, axis: int) -> range:
    """The members of a range that lie in a box."""
    first = max(0, -(-(box.start[axis] - one.start) // one.step))
    stop = max(0, -(-(box.stop[axis] - one.start) // one.step))
    return one[first:stop]
