"""NIfTI files, read and written by nibabel."""

import gzip
import logging
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from voxclick.errors import FileFormatError, GridError
from voxclick.geometry import Grid
from voxclick.io.formats.voxel_values import finite_values, whole_numbers
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume

log = logging.getLogger(__name__)

BROKEN = (ImageFileError, HeaderDataError, OSError, EOFError, zlib.error, ValueError, MemoryError)


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a NIfTI file; scaled values as float32, others in the type they are stored.

    Args:
        path: A `.nii` or `.nii.gz` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, 2D, of many frames, complex or RGB.
        GridError: If its affine does not place the voxels in space.
    """
    image = _open(path)
    array = _three_axes(_values(image, path), path)
    return Volume(finite_values(array, path), Grid(array.shape, _affine(image, path)))


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a NIfTI file; floats are taken where they are whole numbers.

    Raises:
        FileFormatError: If the file is broken, or its values are no labels.
        GridError: If its affine does not place the voxels in space.
    """
    image = _open(path)
    array = _three_axes(_values(image, path), path)
    return LabelMap(whole_numbers(array, path), Grid(array.shape, _affine(image, path)))


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the smallest unsigned type that holds them; names are not kept."""
    top = int(labels.array.max(initial=0))
    kind = np.min_scalar_type(top)
    _write(labels.array.astype(kind), labels.grid, path)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has; half floats and bools are widened."""
    array = volume.array
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    _write(array, volume.grid, path)


def _open(path: Path) -> nib.Nifti1Image:
    try:
        image = nib.load(path)
    except BROKEN as error:
        raise _broken(path, error) from None
    if not isinstance(image, nib.Nifti1Image | nib.Nifti1Pair):
        raise FileFormatError(
            f"a NIfTI file is needed, got {type(image).__name__} in {path}; convert it"
        )
    kind = image.get_data_dtype()
    if kind.kind == "c" or kind.names:
        what = "complex" if kind.kind == "c" else "RGB"
        raise FileFormatError(
            f"one real number a voxel is needed, got {what} data in {path}; "
            "convert it to one scalar channel"
        )
    return image


def _values(image: nib.Nifti1Image, path: Path) -> Array:
    proxy = image.dataobj
    shape = tuple(int(n) for n in image.shape)
    if len(shape) >= 3 and max(shape[3:], default=1) > 1:
        raise FileFormatError(
            f"one 3D volume is needed, got {shape[3]} frames (shape {shape}) in {path}; "
            "split it and choose one"
        )
    if len(shape) < 3 or min(shape) < 1:
        raise FileFormatError(f"a 3D volume is needed, got the shape {shape} in {path}")
    expected = int(np.prod(shape, dtype=np.int64)) * image.get_data_dtype().itemsize
    if not _is_gzip(path) and expected + int(proxy.offset) > path.stat().st_size:
        raise FileFormatError(
            f"{expected} bytes of voxels (shape {shape}) are needed, got a file of "
            f"{path.stat().st_size} bytes: {path} is cut off; copy it again"
        )
    try:
        scaled = proxy.slope != 1 or proxy.inter != 0
        array: Array = np.asarray(proxy, dtype=np.float32 if scaled else None)
    except BROKEN as error:
        raise _broken(path, error) from None
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _three_axes(array: Array, path: Path) -> Array:
    return array.reshape(array.shape[:3])


def _affine(image: nib.Nifti1Image, path: Path) -> Array:
    """The affine, unless the header is one that nibabel would silently repair."""
    header = _raw_header(path, type(image.header))
    coded = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    spacing = np.asarray(header["pixdim"][1:4], dtype=np.float64)
    # a valid sform would do, but a writer that left such a spacing is not to be trusted
    if not (np.isfinite(spacing).all() and spacing.all()):
        raise GridError(
            f"a spacing above 0 mm is needed along every axis, got {spacing.tolist()} in {path}; "
            "repair the header"
        )
    if not coded:
        log.info("%s has neither sform nor qform: orientation is a guess", path)
    try:
        affine: Array = np.asarray(image.affine, dtype=np.float64)
    except (HeaderDataError, ValueError) as error:
        raise GridError(
            f"an affine is needed, got a header without one in {path}: {error}"
        ) from None
    return affine


def _write(array: Array, grid: Grid, path: Path) -> None:
    image = nib.Nifti1Image(array, grid.affine)
    image.set_sform(grid.affine, code=1)
    try:
        image.set_qform(grid.affine, code=1, strip_shears=False)
    except HeaderDataError:  # a sheared grid: the sform alone can say it
        image.set_qform(None, code=0)
    data = image.to_bytes()
    if path.name.endswith(".gz"):
        with path.open("wb") as file:
            file.write(gzip.compress(data, compresslevel=1, mtime=0))
    else:
        path.write_bytes(data)


def _raw_header(path: Path, kind: type[nib.Nifti1Header]) -> nib.Nifti1Header:
    """The header as it stands in the file: nibabel's own has its spacing repaired."""
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
        block = file.read(kind.sizeof_hdr)
    return kind(block, check=False)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _broken(path: Path, error: Exception) -> FileFormatError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return FileFormatError(f"a NIfTI file is needed, cannot read {path}: {reason}")
