"""NIfTI files: headers by nibabel, whose affine is the truth, voxels read once and whole."""

import gzip
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import TypeAlias

import nibabel as nib
import numpy as np
from jaxtyping import Float, Real, Shaped
from nibabel.spatialimages import HeaderDataError

from voxclick.errors import FileFormatError, GridError, InputError
from voxclick.geometry import Grid
from voxclick.io.content import (
    check_size,
    file_bytes,
    intensities,
    label_bytes,
    label_numbers,
    native,
    place,
)
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume

log = logging.getLogger(__name__)

Header: TypeAlias = nib.Nifti1Header | nib.Nifti2Header

UNREADABLE = (HeaderDataError, OSError, EOFError, zlib.error, ValueError, MemoryError)
CHUNK = 1 << 22
FAST = 1
"""A gzip level: masks come out a little larger than at the usual 9, and ten times sooner."""


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a NIfTI file; scaled values as float32, others in the type they are stored.

    Args:
        path: A `.nii` or `.nii.gz` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, 2D, of many frames, complex or RGB.
        GridError: If its header does not place the voxels in space.
    """
    array, grid = _load(path)
    return Volume(intensities(array, path), grid)


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a NIfTI file; floats are taken where they are whole numbers.

    Raises:
        FileFormatError: If the file is broken, or its values are no labels.
        GridError: If its header does not place the voxels in space.
    """
    array, grid = _load(path)
    return LabelMap(label_numbers(array, path), grid)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the smallest unsigned type that holds them; names are not kept."""
    _write(label_bytes(labels.array), labels.grid, path)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has; half floats are widened."""
    array = native(volume.array)
    _write(array.astype(np.float32) if array.dtype == np.float16 else array, volume.grid, path)


def _load(path: Path) -> tuple[Real[Array, "i j k"], Grid]:
    try:
        with _unpacked(path) as stream:
            header = _header(stream, path)
            _check_spacing(header, path)
            header.check_fix(log, error_level=40)
            shape = _shape(header, path)
            grid = place(path, shape, header.get_best_affine())
            array = _voxels(stream, header, path).reshape(shape, order="F")  # i j k
            while stream.read(CHUNK):  # to the end, where gzip keeps its checksum
                pass
            return _scaled(native(array), *header.get_slope_inter()), grid
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise FileFormatError(
            f"a NIfTI file is needed, cannot read {path}: {reason}; copy or export it again"
        ) from None


@contextmanager
def _unpacked(path: Path) -> Iterator[BufferedIOBase]:
    """The file without its compression, which its first bytes tell and not its name."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=file) as stream:
                yield stream
        else:
            yield file


def _header(stream: BufferedIOBase, path: Path) -> Header:
    """The header as it stands in the file, before nibabel repairs anything in it."""
    start = stream.read(nib.Nifti2Header.sizeof_hdr)
    if start[344:348] == b"n+1\0":
        return nib.Nifti1Header(start[:348], check=False)
    if start[4:8] == b"n+2\0" and len(start) == nib.Nifti2Header.sizeof_hdr:
        return nib.Nifti2Header(start, check=False)
    if start[344:348] == b"ni1\0":
        raise FileFormatError(
            f"a NIfTI in one file is needed, {path} is the header of a pair; convert the pair"
        )
    raise FileFormatError(
        f"a NIfTI file is needed, {path} has no NIfTI header but begins with {start[:12]!r}"
    )


def _check_spacing(header: Header, path: Path) -> None:
    """Raise for a spacing that nibabel would replace by 1 mm without a word."""
    spacing = np.asarray(header["pixdim"][1:4], dtype=np.float64)
    placed = int(header["sform_code"]) > 0
    if not np.isfinite(spacing).all() or (spacing == 0).any() or (min(spacing) < 0 and not placed):
        raise GridError(
            f"a spacing above 0 mm is needed along every axis, got {spacing.tolist()} in {path}; "
            "repair the header"
        )
    if not placed and int(header["qform_code"]) <= 0:
        log.warning("%s has neither sform nor qform: how it lies is a guess", path)


def _shape(header: Header, path: Path) -> tuple[int, int, int]:
    kind = header.get_data_dtype()
    if kind.kind == "c" or kind.names:
        what = "complex" if kind.kind == "c" else "RGB"
        raise FileFormatError(
            f"one real number a voxel is needed, got {what} data in {path}; "
            "convert it to one scalar channel"
        )
    shape = tuple(int(n) for n in header.get_data_shape())
    frames = int(np.prod(shape[3:], dtype=np.int64))
    if len(shape) < 3 or min(shape) < 1:
        raise FileFormatError(f"a 3D volume is needed, got the shape {shape} in {path}")
    if frames > 1:
        raise FileFormatError(
            f"one 3D volume is needed, got {frames} frames (shape {shape}) in {path}; "
            "split the file and choose one frame"
        )
    return shape[0], shape[1], shape[2]


def _voxels(stream: BufferedIOBase, header: Header, path: Path) -> Shaped[Array, " n"]:
    """The stored numbers, in file order."""
    kind = header.get_data_dtype()
    needed = int(np.prod(header.get_data_shape(), dtype=object)) * kind.itemsize
    offset = int(header.get_data_offset())
    packed = isinstance(stream, gzip.GzipFile)
    check_size(path, needed + offset, path.stat().st_size, packed)
    stream.seek(offset)
    stored = np.empty(needed, dtype=np.uint8)
    view = stored.data
    filled = 0
    while filled < needed:
        got = stream.readinto(view[filled : filled + CHUNK])
        if not got:
            raise EOFError(f"{needed} bytes of voxels are needed, the file ends after {filled}")
        filled += got
    return stored.view(kind)


def _scaled(
    array: Real[Array, "i j k"], slope: float | None, inter: float | None
) -> Real[Array, "i j k"]:
    """The values that the stored numbers stand for, rounded once to float32."""
    factor = 1.0 if slope is None else slope
    shift = 0.0 if inter is None else inter
    if factor == 1 and shift == 0:
        return array
    scaled: Float[Array, "i j k"] = np.empty(array.shape, dtype=np.float32, order="F")
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(array.shape[2]):  # a slice at a time: float64 of all is large
            scaled[:, :, k] = array[:, :, k] * np.float64(factor) + np.float64(shift)
    return scaled


def _write(array: Real[Array, "i j k"], grid: Grid, path: Path) -> None:
    with path.open("wb") as file:
        if path.suffix == ".gz":  # no name and no time in it: the same mask gives the same bytes
            with gzip.GzipFile("", "wb", FAST, file, mtime=0) as packed:
                _write_to(packed, array, grid)
        else:
            _write_to(file, array, grid)


def _write_to(stream: BufferedIOBase, array: Real[Array, "i j k"], grid: Grid) -> None:
    header = nib.Nifti1Header(endianness="<")
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header.set_xyzt_units("mm")
    header.set_zooms(grid.spacing_mm)
    header.set_sform(grid.affine, code=1)
    header.set_slope_inter(1, 0)
    with suppress(HeaderDataError):  # a sheared grid: the sform alone can say it
        header.set_qform(grid.affine, code=1, strip_shears=False)
    header.write_to(stream)
    stream.writelines(file_bytes(array))
