"""NRRD files, and 3D Slicer's `.seg.nrrd` with the names of its segments, by SimpleITK."""

import colorsys
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from jaxtyping import Integer

from voxclick.errors import FileFormatError
from voxclick.geometry import Box
from voxclick.io.formats.itk_image import (
    grid_of,
    image_of,
    label_type,
    read_image,
    values_of,
    write_image,
)
from voxclick.io.formats.voxel_values import finite_values, whole_numbers
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume

ITK_NAME = "NrrdImageIO"
GOLDEN = 0.618034
"""Steps of this around the colour wheel keep neighbours in the list apart."""


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a NRRD file.

    Args:
        path: A `.nrrd` file, or a `.nhdr` header beside its data.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, not 3D, or has several values a voxel.
        GridError: If its header does not place the voxels in space.
    """
    image = read_image(path, "NRRD", ITK_NAME)
    return Volume(finite_values(values_of(image), path), grid_of(image, path))


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a NRRD file, with the segment names that 3D Slicer keeps in it.

    A segmentation of several layers is laid into one map, its segments numbered in order.

    Raises:
        FileFormatError: If the file is broken, its values are no labels, or segments overlap.
        GridError: If its header does not place the voxels in space.
    """
    image = read_image(path, "NRRD", ITK_NAME, layers=True)
    array = whole_numbers(values_of(image), path)
    segments = _segments(image)
    if array.ndim == 4:
        return LabelMap(
            _flattened(array, segments, path), grid_of(image, path), _in_order(segments)
        )
    names = {value: name for name, value, _ in segments}
    return LabelMap(array, grid_of(image, path), names)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers; as `.seg.nrrd` with their names, as 3D Slicer reads them."""
    image = image_of(label_type(labels.array), labels.grid)
    if path.name.endswith(".seg.nrrd"):
        for key, value in _slicer_fields(labels).items():
            image.SetMetaData(key, value)
    write_image(image, path, ITK_NAME)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image."""
    write_image(image_of(volume.array, volume.grid), path, ITK_NAME)


def _segments(image: sitk.Image) -> list[tuple[str, int, int]]:
    """Name, label value and layer of each segment that 3D Slicer described."""
    keys = set(image.GetMetaDataKeys())
    found: list[tuple[str, int, int]] = []
    while f"Segment{len(found)}_ID" in keys or f"Segment{len(found)}_Name" in keys:
        start = f"Segment{len(found)}_"

        def field(name: str, default: str, start: str = start) -> str:
            return str(image.GetMetaData(start + name)) if start + name in keys else default

        value = field("LabelValue", str(len(found) + 1))
        layer = field("Layer", "0")
        name = field("Name", field("ID", f"label_{value}"))
        found.append((name, int(value), int(layer)))
    return found


def _flattened(
    layers: Integer[Array, "i j k l"], segments: list[tuple[str, int, int]], path: Path
) -> Integer[Array, "i j k"]:
    if not segments:
        raise FileFormatError(
            f"one label a voxel is needed, got {layers.shape[3]} without names in {path}"
        )
    flat = np.zeros(layers.shape[:3], dtype=np.uint16)
    for number, (name, value, layer) in enumerate(segments, start=1):
        own = layers[..., layer] == value
        taken = np.unique(flat[own])
        if taken.any():
            others = ", ".join(segments[t - 1][0] for t in taken if t)
            raise FileFormatError(
                f"segments that do not overlap are needed, got {name!r} over {others!r} in {path}; "
                "save them in two files"
            )
        flat[own] = number
    return flat


def _in_order(segments: list[tuple[str, int, int]]) -> dict[int, str]:
    return {number: name for number, (name, _, _) in enumerate(segments, start=1)}


def _slicer_fields(labels: LabelMap) -> dict[str, str]:
    """The key/value pairs that 3D Slicer looks for, one group a segment."""
    fields = {
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for place, label in enumerate(labels.labels):
        box = Box.of_mask(labels.array == label)
        ends = zip(box.start, box.stop, strict=True)
        colour = colorsys.hsv_to_rgb(place * GOLDEN % 1.0, 0.65, 0.95)
        start = f"Segment{place}_"
        fields |= {
            f"{start}ID": f"Segment_{label}",
            f"{start}Name": labels.name(label),
            f"{start}NameAutoGenerated": "0",
            f"{start}LabelValue": str(label),
            f"{start}Layer": "0",
            f"{start}Color": " ".join(f"{part:.6f}" for part in colour),
            f"{start}ColorAutoGenerated": "1",
            f"{start}Extent": " ".join(f"{first} {last - 1}" for first, last in ends),
        }
    return fields
