"""MetaImage files (`.mha`, `.mhd`), read and written by SimpleITK."""

from pathlib import Path

from voxclick.io.formats.itk_image import (
    grid_of,
    image_of,
    label_type,
    read_image,
    values_of,
    write_image,
)
from voxclick.io.formats.voxel_values import finite_values, whole_numbers
from voxclick.volume import LabelMap, Volume

ITK_NAME = "MetaImageIO"


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a MetaImage file.

    Args:
        path: A `.mha` file, or a `.mhd` header beside its data.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, not 3D, or has several values a voxel.
        GridError: If its header does not place the voxels in space.
    """
    image = read_image(path, "MetaImage", ITK_NAME)
    return Volume(finite_values(values_of(image), path), grid_of(image, path))


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a MetaImage file; it keeps no names.

    Raises:
        FileFormatError: If the file is broken, or its values are no labels.
        GridError: If its header does not place the voxels in space.
    """
    image = read_image(path, "MetaImage", ITK_NAME)
    return LabelMap(whole_numbers(values_of(image), path), grid_of(image, path))


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers; names are not kept."""
    write_image(image_of(label_type(labels.array), labels.grid), path, ITK_NAME)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image."""
    write_image(image_of(volume.array, volume.grid), path, ITK_NAME)
