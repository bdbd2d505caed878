"""What NRRD and MetaImage share: SimpleITK reads and writes both.

ITK counts millimetres in LPS+ and gives arrays as `[k, j, i]`; both are turned here.
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from jaxtyping import Float

from voxclick.errors import FileFormatError, GridError
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS
from voxclick.types import Array

ORTHOGONAL = 1e-4
"""How far from square ITK lets two axes be."""


def read_image(path: Path, title: str, io_name: str, layers: bool = False) -> sitk.Image:
    """The image in a file, as ITK has it.

    Args:
        path: The file.
        title: What the format is called, for messages.
        io_name: Name of ITK's reader.
        layers: Whether several values a voxel are wanted too.

    Raises:
        FileFormatError: If the file is broken, not 3D, or has several or complex values a voxel.
    """
    sitk.ProcessObject.GlobalWarningDisplayOff()
    reader = sitk.ImageFileReader()
    reader.SetImageIO(io_name)
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_kind(reader, path, title, layers)
        image = reader.Execute()
    except RuntimeError as error:
        told = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise FileFormatError(
            f"a {title} file is needed, cannot read {path}: {told[-1] if told else 'it is broken'}"
        ) from None
    return _first_frame(image, path)


def values_of(image: sitk.Image) -> Array:
    """The voxels as `[i, j, k]`, or `[i, j, k, layer]`; a copy."""
    array = sitk.GetArrayFromImage(image)
    order = (2, 1, 0) if array.ndim == 3 else (2, 1, 0, 3)
    turned: Array = array.transpose(order)
    return turned


def grid_of(image: sitk.Image, path: Path) -> Grid:
    """Where the voxels lie.

    Raises:
        GridError: If the header's spacing or axes cannot be placed in space.
    """
    spacing = np.array(image.GetSpacing())
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise GridError(
            f"a spacing above 0 mm is needed along every axis, got {spacing.tolist()} in {path}"
        )
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * spacing
    affine[:3, 3] = image.GetOrigin()
    return Grid(image.GetSize(), RAS_TO_LPS @ affine)


def image_of(array: Array, grid: Grid) -> sitk.Image:
    """An ITK image of an array `[i, j, k]` on its grid.

    Raises:
        GridError: If the grid's axes are not at right angles: ITK cannot hold it.
    """
    directions: Float[Array, "3 3"] = (RAS_TO_LPS @ grid.affine)[:3, :3] / grid.spacing_mm
    if np.abs(directions.T @ directions - np.eye(3)).max() > ORTHOGONAL:
        raise GridError(
            "axes at right angles are needed for NRRD and MetaImage, got a sheared grid; "
            "write .nii.gz instead"
        )
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetSpacing(grid.spacing_mm)
    # ITK refuses directions a rounding error off square
    left, _, right = np.linalg.svd(directions)
    image.SetDirection((left @ right).reshape(-1).tolist())
    image.SetOrigin((RAS_TO_LPS @ grid.affine)[:3, 3].tolist())
    return image


def write_image(image: sitk.Image, path: Path, io_name: str) -> None:
    """Write an ITK image, compressed a little and fast.

    Raises:
        OSError: If it cannot be written.
    """
    writer = sitk.ImageFileWriter()
    writer.SetImageIO(io_name)
    writer.SetFileName(str(path))
    writer.UseCompressionOn()
    writer.SetCompressionLevel(1)
    try:
        writer.Execute(image)
    except RuntimeError as error:
        raise OSError(str(error).strip().splitlines()[-1]) from None


def label_type(array: Array) -> Array:
    """Label numbers in the smallest unsigned type that holds them."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _check_kind(reader: sitk.ImageFileReader, path: Path, title: str, layers: bool) -> None:
    size = reader.GetSize()
    if len(size) < 3:
        raise FileFormatError(f"a 3D volume is needed, got the shape {size} in {path}")
    if len(size) > 3 and max(size[3:]) > 1:
        raise FileFormatError(
            f"one 3D volume is needed, got {size[3]} frames (shape {size}) in {path}; "
            "split it and choose one"
        )
    kind = sitk.GetPixelIDValueAsString(reader.GetPixelID())
    if "complex" in kind or (reader.GetNumberOfComponents() > 1 and not layers):
        raise FileFormatError(
            f"one real number a voxel is needed, got {kind} in the {title} file {path}; "
            "convert it to one scalar channel"
        )


def _first_frame(image: sitk.Image, path: Path) -> sitk.Image:
    if image.GetDimension() == 3:
        return image
    if image.GetDimension() != 4:
        raise FileFormatError(
            f"a 3D volume is needed, got {image.GetDimension()} axes in {path}; split it"
        )
    return sitk.Extract(image, (*image.GetSize()[:3], 0), (0, 0, 0, 0))
