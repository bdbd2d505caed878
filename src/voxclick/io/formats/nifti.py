"""NIfTI files: headers by nibabel, whose affine is the truth, voxels read once or left there."""

import gzip
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedIOBase
from math import prod
from pathlib import Path
from typing import TypeAlias

import nibabel as nib
import numpy as np
from jaxtyping import Real, Shaped
from nibabel.spatialimages import HeaderDataError

from voxclick.errors import FileFormatError, GridError, InputError
from voxclick.geometry import Grid
from voxclick.io import memory
from voxclick.io.content import (
    check_size,
    file_bytes,
    intensities,
    label_bytes,
    label_numbers,
    place,
    widened,
)
from voxclick.io.formats.stored_nifti import Layout, StoredNifti
from voxclick.types import Array, Index3
from voxclick.volume import Blocks, LabelMap, Volume, Voxels, blocks

log = logging.getLogger(__name__)

Header: TypeAlias = nib.Nifti1Header | nib.Nifti2Header

UNREADABLE = (HeaderDataError, OSError, EOFError, zlib.error, ValueError, MemoryError)
CHUNK = 1 << 22
FAST = 1
"""A gzip level: masks come out a little larger than at the usual 9, and ten times sooner."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A file whose header has been read and found good.

    Attributes:
        stream: Without compression.
        packed: Whether the file is compressed.
        shape: Number of voxels along each axis.
        grid: Where they lie.
        layout: How they are stored.
    """

    stream: BufferedIOBase
    packed: bool
    shape: Index3
    grid: Grid
    layout: Layout

    @property
    def nbytes(self) -> int:
        """Bytes of all the values in memory."""
        return prod(self.shape) * self.layout.dtype.itemsize


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a NIfTI file; scaled values as float32, others in the type they are stored.

    A large one that is not compressed stays in its file: its array is a `StoredNifti`.

    Args:
        path: A `.nii` or `.nii.gz` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, 2D, of many frames, complex or RGB.
        GridError: If its header does not place the voxels in space.
        TooLargeError: If it is compressed and does not fit in memory.
    """
    with _opened(path) as file:
        if file.nbytes > memory.LOADED and not file.packed:
            return Volume(StoredNifti(path.resolve(), file.shape, file.layout), file.grid)
        memory.check_fits(
            path, file.nbytes, "gunzip it: of a .nii only what is looked at goes into memory"
        )
        return Volume(intensities(_values(file), path), file.grid)


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a NIfTI file; floats are taken where they are whole numbers.

    A large one becomes `Blocks`, slab by slab.

    Raises:
        FileFormatError: If the file is broken, or its values are no labels.
        GridError: If its header does not place the voxels in space.
    """
    with _opened(path) as file:
        if prod(file.shape) > blocks.DENSE:
            return LabelMap(_label_blocks(file, path), file.grid)
        return LabelMap(label_numbers(_values(file), path), file.grid)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the smallest unsigned type that holds them; names are not kept."""
    _write(label_bytes(labels.kept), labels.grid, path)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has; half floats are widened."""
    _write(widened(volume.array), volume.grid, path)


@contextmanager
def _opened(path: Path) -> Iterator[Opened]:
    try:
        with _unpacked(path) as stream:
            header = _header(stream, path)
            _check_spacing(header, path)
            header.check_fix(log, error_level=40)
            shape = _shape(header, path)
            grid = place(path, shape, header.get_best_affine())
            layout = _layout(header)
            packed = isinstance(stream, gzip.GzipFile)
            needed = prod(shape) * layout.stored.itemsize
            check_size(path, needed + layout.offset, path.stat().st_size, packed)
            stream.seek(layout.offset)
            yield Opened(stream, packed, shape, grid, layout)
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise FileFormatError(
            f"a NIfTI file is needed, cannot read {path}: {reason}; copy or export it again"
        ) from None


def _layout(header: Header) -> Layout:
    slope, inter = header.get_slope_inter()
    return Layout(
        int(header.get_data_offset()),
        header.get_data_dtype(),
        1.0 if slope is None else slope,
        0.0 if inter is None else inter,
    )


def _values(file: Opened) -> Real[Array, "i j k"]:
    """All the values, read to the end of the file, where gzip keeps its checksum."""
    stored = _stored(file, prod(file.shape)).reshape(file.shape, order="F")  # i j k
    while file.stream.read(CHUNK):
        pass
    return file.layout.values(stored)


def _label_blocks(file: Opened, path: Path) -> Blocks:
    """The label numbers, of which a slab at a time is one array."""
    found = Blocks(file.shape, np.uint64)
    i, j, depth = file.shape
    for k in range(0, depth, blocks.SIDE):
        count = min(blocks.SIDE, depth - k)
        slab = _stored(file, i * j * count).reshape((i, j, count), order="F")
        found[:, :, k : k + count] = label_numbers(file.layout.values(slab), path)
    while file.stream.read(CHUNK):
        pass
    return found.typed(np.min_scalar_type(found.max()))


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
    if len(start) < 348:
        raise FileFormatError(
            f"a NIfTI file begins with a header of 348 bytes, {path} has {len(start)} bytes in "
            "all; copy or export it again"
        )
    if start[344:348] == b"ni1\0":
        raise FileFormatError(
            f"a NIfTI in one file is needed, {path} is the header of a pair; convert the pair"
        )
    raise FileFormatError(
        f"a NIfTI file is needed, {path} has no NIfTI header but begins with {start[:12]!r}; "
        "give the file its right ending, or export it again"
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


def _stored(file: Opened, count: int) -> Shaped[Array, " n"]:
    """The next stored numbers, in file order."""
    needed = count * file.layout.stored.itemsize
    stored = np.empty(needed, dtype=np.uint8)
    view = stored.data
    filled = 0
    while filled < needed:
        got = file.stream.readinto(view[filled : filled + CHUNK])
        if not got:
            raise EOFError(f"{needed} bytes of voxels are needed, the file ends after {filled}")
        filled += got
    return stored.view(file.layout.stored)


def _write(array: Voxels, grid: Grid, path: Path) -> None:
    with path.open("wb") as file:
        if path.suffix == ".gz":  # no name and no time in it: the same mask gives the same bytes
            with gzip.GzipFile("", "wb", FAST, file, mtime=0) as packed:
                _write_to(packed, array, grid)
        else:
            _write_to(file, array, grid)


def _write_to(stream: BufferedIOBase, array: Voxels, grid: Grid) -> None:
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
