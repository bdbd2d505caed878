"""A mask or label map that is kept small: blocks, of which only those with an edge take memory."""

import mmap
from collections.abc import Iterator
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Shaped
from numpy.typing import DTypeLike

from voxclick.geometry import Box
from voxclick.types import Array, Index3
from voxclick.volume.partwise import Partwise, Voxels, box_of

SIDE = 64
"""Voxels along each axis of a block."""

DENSE = 1 << 28
"""Of up to so many voxels (512 x 512 x 1024) a mask is one array: faster, and small enough."""

Planes: TypeAlias = tuple[bytes, ...]
"""The bits of a block's values, the lowest first, each packed in C order."""


class Blocks(Partwise):
    """Numbers from 0 up, most of them like their neighbours.

    A block of zeros takes nothing, one of a single value next to nothing, and any other one bit a
    voxel for each bit of its largest number: a mask takes an eighth of a byte a voxel at most.

    Args:
        shape: Number of voxels along each axis.
        dtype: Bool or an unsigned type.
    """

    unit = (SIDE, SIDE, SIDE)

    def __init__(self, shape: Index3, dtype: DTypeLike = np.bool_) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._held: dict[Index3, int | Planes] = {}

    @classmethod
    def of(cls, array: Voxels) -> "Blocks":
        """The same values as an array's, block by block."""
        made = cls((array.shape[0], array.shape[1], array.shape[2]), array.dtype)
        for box in made.units(Box.whole(made.shape)):
            made._keep(_cell(box), array[box.slices])
        return made

    def part(self, box: Box) -> Shaped[Array, "i j k"]:  # noqa: D102  (as in Partwise)
        return self.fill(np.zeros(box.shape, dtype=self.dtype), box)

    def whole(self) -> Shaped[Array, "i j k"]:
        """All of it as one array, which takes memory where something is."""
        everything = Box.whole(self.shape)
        return self.fill(_empty_pages(self.shape, self.dtype), everything)

    def __setitem__(self, key: Any, values: Any) -> None:
        box = box_of(key, self.shape)
        given = np.broadcast_to(np.asarray(values, dtype=self.dtype), box.shape)
        for unit in self.units(box):
            cell = _cell(unit)
            part = given[unit.shifted(_back(box.start)).slices]
            block = self._block(cell)
            if unit != block:
                if cell not in self._held and not part.any():
                    continue
                whole = self._values(cell)
                whole[unit.shifted(_back(block.start)).slices] = part
                part = whole
            self._keep(cell, part)

    def copy(self) -> "Blocks":
        """Another one with the same values, which changes on its own."""
        return self.typed(self.dtype)

    def typed(self, dtype: DTypeLike) -> "Blocks":
        """The same values in another type, which must hold them."""
        made = Blocks(self.shape, dtype)
        made._held = dict(self._held)
        return made

    def where(self, number: int) -> "Blocks":
        """The mask of the voxels with a number other than 0."""
        made = Blocks(self.shape)
        for cell, held in self._held.items():
            if isinstance(held, int):
                if held == number:
                    made._held[cell] = 1
            else:
                made._keep(cell, self._values(cell) == number)
        return made

    def nonzero(self) -> "Blocks":
        """The mask of the voxels other than 0."""
        made = Blocks(self.shape)
        for cell, held in self._held.items():
            if isinstance(held, int):
                made._held[cell] = 1
            else:
                made._keep(cell, self._values(cell) != 0)
        return made

    def count(self) -> int:
        """Number of voxels other than 0."""
        return sum(
            self._block(cell).voxels if isinstance(held, int) else _bits_set(held)
            for cell, held in self._held.items()
        )

    def any(self) -> bool:  # noqa: D102
        return bool(self._held)

    def values(self) -> set[int]:
        """The numbers that occur, without 0."""
        found: set[int] = set()
        for cell, held in self._held.items():
            new = {held} if isinstance(held, int) else set(np.unique(self._values(cell)).tolist())
            found |= {int(value) for value in new}
        return found - {0}

    def max(self) -> int:  # noqa: D102
        return max(self.values(), default=0)

    def min(self) -> int:  # noqa: D102
        blocks = np.prod([-(-size // SIDE) for size in self.shape])
        if len(self._held) < blocks:
            return 0
        return min(int(self._values(cell).min()) for cell in self._held)

    def occupied(self, within: Box) -> Box:  # noqa: D102
        found = Box.EMPTY
        for cell in self._cells(within):
            found = found.union(self._block(cell).intersection(within))
        return found

    def bounds(self) -> Box:
        """The smallest box that holds every voxel other than 0."""
        found = Box.EMPTY
        for cell in self._held:
            block = self._block(cell)
            if found.union(block) != found:
                inside = Box.of_mask(self._values(cell) != 0)
                found = found.union(inside.shifted(block.start))
        return found

    def fill(self, found: Shaped[Array, "i j k"], box: Box) -> Shaped[Array, "i j k"]:
        """Write the voxels in a box to zeros of its shape; gives these."""
        for cell in self._cells(box):
            held = self._held[cell]
            block = self._block(cell)
            common = block.intersection(box)
            there = common.shifted(_back(box.start)).slices
            if isinstance(held, int):
                found[there] = held
            else:
                found[there] = self._values(cell)[common.shifted(_back(block.start)).slices]
        return found

    def _cells(self, box: Box) -> Iterator[Index3]:
        """The blocks with something in them that a box meets."""
        if box.empty:
            return
        ranges = [range(a // SIDE, -(-b // SIDE)) for a, b in zip(box.start, box.stop, strict=True)]
        if np.prod([len(one) for one in ranges]) > len(self._held):
            i, j, k = ranges
            yield from (c for c in self._held if c[0] in i and c[1] in j and c[2] in k)
        else:
            yield from (cell for cell in product(*ranges) if cell in self._held)

    def _block(self, cell: Index3) -> Box:
        start = (cell[0] * SIDE, cell[1] * SIDE, cell[2] * SIDE)
        stop = (start[0] + SIDE, start[1] + SIDE, start[2] + SIDE)
        return Box(start, stop).intersection(Box.whole(self.shape))

    def _values(self, cell: Index3) -> Array:
        held = self._held.get(cell, 0)
        block = self._block(cell)
        if isinstance(held, int):
            return np.full(block.shape, held, dtype=self.dtype)
        bits = (
            np.unpackbits(np.frombuffer(plane, dtype=np.uint8), count=block.voxels)
            for plane in held
        )
        if self.dtype == np.bool_:
            return next(bits).view(np.bool_).reshape(block.shape)
        values = np.zeros(block.voxels, dtype=self.dtype)
        for place, plane in enumerate(bits):
            values |= plane.astype(self.dtype) << self.dtype.type(place)
        return values.reshape(block.shape)

    def _keep(self, cell: Index3, values: Array) -> None:
        top = int(values.max())
        if top == 0:
            self._held.pop(cell, None)
        elif int(values.min()) == top:
            self._held[cell] = top
        else:
            self._held[cell] = _planes(values, top)


def blank(shape: Index3, dtype: DTypeLike = np.bool_) -> Array | Blocks:
    """Zeros to write to: one array, or blocks where that would be large."""
    if shape[0] * shape[1] * shape[2] > DENSE:
        return Blocks(shape, dtype)
    return np.zeros(shape, dtype=dtype)  # pages that cost nothing until they are written


def _planes(values: Array, top: int) -> Planes:
    if values.dtype == np.bool_:
        return (np.packbits(values).tobytes(),)
    one = values.dtype.type(1)
    return tuple(
        np.packbits((values >> values.dtype.type(place)) & one != 0).tobytes()
        for place in range(top.bit_length())
    )


def _bits_set(planes: Planes) -> int:
    joined = np.frombuffer(planes[0], dtype=np.uint8).copy()
    for plane in planes[1:]:
        joined |= np.frombuffer(plane, dtype=np.uint8)
    return int(np.bitwise_count(joined).sum())


def _empty_pages(shape: Index3, dtype: np.dtype[Any]) -> Array:
    """Zeros in small pages: NumPy asks for large ones, of which a few voxels fill many."""
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size < DENSE or not hasattr(mmap, "MADV_NOHUGEPAGE"):
        return np.zeros(shape, dtype=dtype)
    unreserved = getattr(mmap, "MAP_NORESERVE", 0)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | unreserved)
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype=dtype).reshape(shape)


def _cell(box: Box) -> Index3:
    i, j, k = (start // SIDE for start in box.start)
    return (i, j, k)


def _back(start: Index3) -> Index3:
    return (-start[0], -start[1], -start[2])
