"""A yes-or-no segmentation on its grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool

from voxclick.errors import InputError
from voxclick.geometry import Box, Grid
from voxclick.types import Array
from voxclick.volume.blocks import Blocks
from voxclick.volume.partwise import GivenVoxels
from voxclick.volume.volume import Source, check_shape


@dataclass(frozen=True, eq=False, init=False)
class Mask:
    """The voxels of one object.

    Args:
        array: Bool `[i, j, k]`; integers of 0 and 1 are taken and turned to bool. `Blocks` stay
            blocks, and `array` is made of them when it is asked for.
        grid: Where the voxels lie.
        source: The image it was drawn on; DICOM-SEG refers to it.

    Raises:
        GridMismatchError: If the array has not the grid's shape.
        InputError: If the array holds anything but two values.
    """

    kept: Array | Blocks
    grid: Grid
    source: Source | None

    def __init__(self, array: GivenVoxels, grid: Grid, source: Source | None = None) -> None:
        given = array if isinstance(array, Blocks) else np.asarray(array)
        check_shape("a mask", given, grid)
        object.__setattr__(self, "kept", _as_bool(given))
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "source", source)

    @cached_property
    def array(self) -> Bool[Array, "i j k"]:
        """Bool `[i, j, k]`. Of a mask in blocks it takes memory only around the object."""
        return self.kept.whole() if isinstance(self.kept, Blocks) else self.kept

    @property
    def voxels(self) -> int:
        """Number of voxels in the mask."""
        if isinstance(self.kept, Blocks):
            return self.kept.count()
        return int(np.count_nonzero(self.kept))

    @property
    def box(self) -> Box:
        """The smallest box that holds every voxel; empty for an empty mask."""
        return self.kept.bounds() if isinstance(self.kept, Blocks) else Box.of_mask(self.kept)

    @property
    def volume_ml(self) -> float:
        """Volume of the mask in millilitres; 0 for an empty mask."""
        return self.voxels * self.grid.voxel_volume_mm3 / 1000.0


def _as_bool(array: Array | Blocks) -> Array | Blocks:
    if array.dtype == np.bool_:
        return array
    if isinstance(array, Blocks):
        binary, told = array.max() <= 1, sorted(array.values())
    else:
        binary = _is_binary(array)
        told = [] if binary else np.unique(array)[:5].tolist()
    if not binary:
        raise InputError(
            f"a mask must hold only 0 and 1, got values such as {told[:5]}; "
            "choose one label of a label map with LabelMap.mask(label)"
        )
    return array.typed(np.bool_) if isinstance(array, Blocks) else array.astype(np.bool_)


def _is_binary(array: Array) -> bool:
    if array.dtype.kind in "iu":  # much faster than isin on a large label map
        return bool(array.min() >= 0 and array.max() <= 1)
    return bool(np.isin(array, (0, 1)).all())
