"""The voxels of an uncompressed NIfTI file, left in the file and read box by box."""

from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Real

from voxclick.errors import FileFormatError
from voxclick.geometry import Box
from voxclick.io.content import native
from voxclick.io.formats.stored import Stored
from voxclick.types import Array, Index3


@dataclass(frozen=True)
class Layout:
    """Where the numbers of a file lie, and what they stand for.

    Attributes:
        offset: Bytes before the first of them.
        stored: Their type in the file.
        slope: What each is multiplied by.
        inter: What is added to that.
    """

    offset: int
    stored: np.dtype[Any]
    slope: float = 1.0
    inter: float = 0.0

    @property
    def scaled(self) -> bool:
        """Whether the numbers stand for others."""
        return self.slope != 1 or self.inter != 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values: float32 where they are scaled."""
        if self.scaled:
            return np.dtype(np.float32)
        return native(np.empty(0, dtype=self.stored)).dtype

    def values(self, stored: Real[Array, "i j k"]) -> Real[Array, "i j k"]:
        """The values that stored numbers stand for, rounded once to float32 where scaled."""
        numbers = native(stored)
        if not self.scaled:
            return numbers
        found = np.empty(numbers.shape, dtype=np.float32, order="F")
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(numbers.shape[2]):  # a slice at a time: float64 of all is large
                found[:, :, k] = numbers[:, :, k] * np.float64(self.slope) + np.float64(self.inter)
        return found


class StoredNifti(Stored):
    """Values as `nifti.read_volume` gives them, without more of the file in memory than asked for.

    The file is read, not mapped: pages of a mapped file count as the process's own memory.

    Args:
        path: The file.
        shape: Number of voxels along each axis.
        layout: Where they lie.
    """

    def __init__(self, path: Path, shape: Index3, layout: Layout) -> None:
        self.path = path
        self.shape = shape
        self.layout = layout
        self.dtype = layout.dtype
        self.unit = (shape[0], shape[1], 1)

    def read(self, box: Box) -> Real[Array, "i j k"]:  # noqa: D102  (as in Stored)
        stored = np.empty(box.shape, dtype=self.layout.stored, order="F")
        if box.empty:
            return self.layout.values(stored)
        try:
            with FileIO(self.path) as file:
                if box.shape[:2] == self.shape[:2]:
                    self._fill(file, box.start, stored.reshape(-1, order="F"))
                else:
                    self._fill_slices(file, box, stored)
        except (OSError, EOFError) as error:
            raise FileFormatError(
                f"voxels are read from {self.path} as they are needed, cannot read it any more: "
                f"{error}; leave the file where it was opened"
            ) from None
        return self.layout.values(stored)

    def _fill_slices(self, file: FileIO, box: Box, stored: Real[Array, "i j k"]) -> None:
        """Slice by slice, the rows between the first and the last voxel at once."""
        width = self.shape[0]
        i, j, k = box.start
        rows = np.empty((width, box.shape[1]), dtype=stored.dtype, order="F")
        for number in range(box.shape[2]):
            flat = rows.reshape(-1, order="F")[i : rows.size - (width - box.stop[0])]
            self._fill(file, (i, j, k + number), flat)
            stored[:, :, number] = rows[i : box.stop[0]]

    def _fill(self, file: FileIO, first: Index3, flat: Real[Array, " n"]) -> None:
        """Read numbers that lie one after the other, from a voxel on."""
        i, j, k = first
        before = i + self.shape[0] * (j + self.shape[1] * k)
        file.seek(self.layout.offset + before * flat.itemsize)
        left = flat.view(np.uint8).data
        while left:
            got = file.readinto(left)
            if not got:
                raise EOFError(f"it ends {len(left)} bytes too soon")
            left = left[got:]
