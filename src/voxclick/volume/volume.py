"""An image on its grid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voxclick.errors import GridMismatchError, InputError
from voxclick.geometry import Grid
from voxclick.volume.partwise import GivenVoxels, Partwise, Voxels


@dataclass(frozen=True, slots=True)
class Source:
    """Where a volume was read from, so that results can refer to it.

    Attributes:
        path: The file or folder that was read.
        format: Name of the format in `io.kinds`, such as `nifti` or `dicom_series`.
        series_uid: The DICOM series that was read; None for every other format.
    """

    path: Path
    format: str
    series_uid: str | None = None


@dataclass(frozen=True, eq=False)
class Volume:
    """A CT, MR or other scalar image.

    Attributes:
        array: Intensities `[i, j, k]` in the file's own voxel order and scale; of a volume that
            stays in its file a `Partwise`, whose slices are arrays.
        grid: Where the voxels lie.
        source: Where it was read from; None for an array made in memory.
        coarser: The same image on coarser grids, the finest first, where its file holds any.

    Raises:
        GridMismatchError: If the array has not the grid's shape.
        InputError: If the array is not of real numbers.
    """

    array: GivenVoxels
    grid: Grid
    source: Source | None = None
    coarser: tuple["Volume", ...] = ()

    def __post_init__(self) -> None:
        array = self.array if isinstance(self.array, Partwise) else np.asarray(self.array)
        check_shape("a volume", array, self.grid)
        if array.dtype.kind not in "iufb":
            raise InputError(
                f"a volume must hold real numbers, got the type {array.dtype}; "
                "convert complex or colour data to one scalar channel"
            )
        object.__setattr__(self, "array", array)


def check_shape(what: str, array: Voxels, grid: Grid) -> None:
    """Raise GridMismatchError unless the array has the grid's shape."""
    if array.shape != grid.shape:
        raise GridMismatchError(
            f"{what} on a grid of {grid.shape} needs an array of that shape, got {array.shape}"
        )
