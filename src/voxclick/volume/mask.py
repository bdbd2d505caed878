"""A yes-or-no segmentation on its grid."""

from dataclasses import dataclass

import numpy as np

from voxclick.errors import InputError
from voxclick.geometry import Grid
from voxclick.types import Array, GivenArray
from voxclick.volume.volume import Source, check_shape


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels of one object.

    Attributes:
        array: Bool `[i, j, k]`; integers of 0 and 1 are taken and turned to bool.
        grid: Where the voxels lie.
        source: The image it was drawn on; DICOM-SEG refers to it.

    Raises:
        GridMismatchError: If the array has not the grid's shape.
        InputError: If the array holds anything but two values.
    """

    array: GivenArray
    grid: Grid
    source: Source | None = None

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        check_shape("a mask", array, self.grid)
        if array.dtype != np.bool_:
            if not _is_binary(array):
                values = np.unique(array)[:5].tolist()
                raise InputError(
                    f"a mask must hold only 0 and 1, got values such as {values}; "
                    "choose one label of a label map with LabelMap.mask(label)"
                )
            array = array.astype(np.bool_)
        object.__setattr__(self, "array", array)

    @property
    def voxels(self) -> int:
        """Number of voxels in the mask."""
        return int(np.count_nonzero(self.array))

    @property
    def volume_ml(self) -> float:
        """Volume of the mask in millilitres; 0 for an empty mask."""
        return self.voxels * self.grid.voxel_volume_mm3 / 1000.0


def _is_binary(array: Array) -> bool:
    if array.dtype.kind in "iu":  # much faster than isin on a large label map
        return bool(array.min() >= 0 and array.max() <= 1)
    return bool(np.isin(array, (0, 1)).all())
