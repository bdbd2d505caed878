"""What file formats do with the values they read: NaN replaced, labels checked."""

import logging
from pathlib import Path

import numpy as np
from jaxtyping import Integer, Real

from voxclick.errors import FileFormatError
from voxclick.types import Array

log = logging.getLogger(__name__)


def finite_values(array: Real[Array, "..."], path: Path) -> Real[Array, "..."]:
    """The intensities with NaN and infinities replaced by the lowest finite one.

    Raises:
        FileFormatError: If none is finite.
    """
    if array.dtype.kind != "f":
        return array
    finite = np.isfinite(array)
    if finite.all():
        return array
    if not finite.any():
        raise FileFormatError(f"an image needs finite intensities, got none in {path}")
    log.warning("%s holds NaN or infinite voxels: they are read as its lowest intensity", path)
    return np.where(finite, array, array[finite].min())


def whole_numbers(array: Array, path: Path) -> Integer[Array, "..."]:
    """The array as label numbers; floats are taken where they are whole.

    Raises:
        FileFormatError: If a value is not a whole number from 0 up.
    """
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and (array == np.round(array)).all()):
            raise FileFormatError(
                f"a label map must hold whole numbers, got fractions or NaN in {path}; "
                "is it an image or a probability map?"
            )
        array = array.astype(np.int64)
    if array.dtype.kind == "i":
        lowest = int(array.min(initial=0))
        if lowest < 0:
            raise FileFormatError(
                f"a label map must hold numbers from 0 up, got {lowest} in {path}; is it an image?"
            )
    return array
