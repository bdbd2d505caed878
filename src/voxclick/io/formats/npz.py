"""The `.npz` of the CVPR 2025 challenge on interactive 3D segmentation.

`imgs`, `gts` and `segs` are `[D, H, W]`, `spacing` has three numbers in the same order. Directions
are unknown there: axes are taken as straight, with the first voxel at 0 0 0. Files that voxclick
writes say more, in an array `affine` that the challenge does not look at.
"""

import logging
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Real
from numpy.lib import format as npy

from voxclick.errors import FileFormatError, GridError, InputError
from voxclick.geometry import Grid
from voxclick.io.content import (
    check_size,
    in_file_order,
    intensities,
    label_bytes,
    label_numbers,
    native,
    place,
)
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume

log = logging.getLogger(__name__)

UNREADABLE = (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, NotImplementedError)
READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image (`imgs`) of a challenge file.

    Args:
        path: A `.npz` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, or has no 3D image.
        GridError: If its spacing is none.
    """
    array, grid = _load(path, ("imgs",))
    return Volume(intensities(array, path), grid)


def read_labelmap(path: Path) -> LabelMap:
    """The labels (`gts`, or else `segs`) of a challenge file.

    Raises:
        FileFormatError: If the file is broken, or has no labels.
        GridError: If its spacing is none.
    """
    array, grid = _load(path, ("gts", "segs"))
    return LabelMap(label_numbers(array, path), grid)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the challenge wants predictions (`segs`, uint8); names are not kept.

    Raises:
        InputError: If a label number is above 255.
    """
    array = np.asarray(label_bytes(labels.kept))
    if array.dtype != np.uint8:
        raise InputError(
            f"an npz of the challenge holds label numbers up to 255, got {int(array.max())}; "
            "write another format, such as .nii.gz"
        )
    segs = in_file_order(array).transpose(2, 1, 0)  # d h w
    spacing = np.array(labels.grid.spacing_mm[::-1])
    np.savez_compressed(path, segs=segs, spacing=spacing, affine=labels.grid.affine)


def read_array(path: Path, name: str) -> Array | None:
    """One array of a challenge file as it is there, such as `prev_pred`; None without it.

    Raises:
        FileFormatError: If the file is broken, or the array is pickled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = f"{name}.npy"
            return _array(archive, member, path) if member in archive.namelist() else None
    except UNREADABLE as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    reason = str(error).partition("\n")[0] or type(error).__name__
    return FileFormatError(f"an npz file is needed, cannot read {path}: {reason}")


def _load(path: Path, wanted: tuple[str, ...]) -> tuple[Real[Array, "i j k"], Grid]:
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name.removesuffix(".npy"): name for name in archive.namelist()}
            name = next((name for name in wanted if name in held), None)
            if name is None:
                raise FileFormatError(
                    f"an array {' or '.join(wanted)} is needed, {path} holds "
                    f"{', '.join(sorted(held)) or 'nothing'}"
                )
            array = _array(archive, held[name], path)
            spacing, affine = (
                _array(archive, held[key], path) if key in held else None
                for key in ("spacing", "affine")
            )
    except UNREADABLE as error:
        raise _unreadable(path, error) from None
    if array.ndim != 3 or array.size == 0 or array.dtype.kind not in "biuf":
        raise FileFormatError(
            f"a 3D volume of real numbers is needed, got {array.dtype} of the shape {array.shape} "
            f"as {name} in {path}"
        )
    turned = native(array).transpose(2, 1, 0)  # i j k
    return turned, place(path, turned.shape, _affine(spacing, affine, path))


def _array(archive: zipfile.ZipFile, name: str, path: Path) -> Array:
    """One array; never one that would have to be unpickled, as that runs what is in it."""
    info = archive.getinfo(name)
    shape, kind = _declared(archive, info)
    if kind.hasobject:
        raise FileFormatError(
            f"{name} in {path} is pickled, which is not read because it can run programs"
        )
    needed = int(np.prod(shape, dtype=object)) * kind.itemsize
    check_size(path, needed, info.file_size, packed=False)
    check_size(path, needed, info.compress_size, info.compress_type != zipfile.ZIP_STORED)
    with archive.open(info) as stream:
        array: Array = npy.read_array(stream, allow_pickle=False)
        while stream.read(1 << 20):  # to the end, where zip keeps its checksum
            pass
        return array


def _declared(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(info) as stream:
        version = npy.read_magic(stream)
        if version not in READ_HEADER:
            raise ValueError(f"unknown version {version} of an array")
        shape, _, kind = READ_HEADER[version](stream)
        return shape, kind


def _affine(spacing: Array | None, affine: Array | None, path: Path) -> Float[Array, "4 4"]:
    if affine is not None:
        if affine.shape != (4, 4) or affine.dtype.kind not in "iuf":
            raise GridError(
                f"an affine of 4 x 4 numbers is needed, got {affine.dtype} of the shape "
                f"{affine.shape} in {path}; repair the file"
            )
        return affine.astype(np.float64)
    if spacing is None:
        log.warning("%s tells no spacing: 1 mm along every axis is a guess", path)
        return np.eye(4)
    good = spacing.shape == (3,) and spacing.dtype.kind in "iuf"
    if not good or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise GridError(
            f"a spacing of three numbers above 0 mm is needed, got {spacing.tolist()} in {path}; "
            "repair the file"
        )
    return np.diag([*spacing[::-1].astype(np.float64), 1.0])
