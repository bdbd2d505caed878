"""NRRD files, and the segmentations that 3D Slicer keeps in them (`.seg.nrrd`)."""

import colorsys
import errno
import gzip
import logging
import os
import re
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
from jaxtyping import Real

from voxclick.errors import FileFormatError, GridError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.io.content import in_file_order, intensities, label_bytes, label_numbers, native
from voxclick.io.formats.itk_image import ItkFile, itk_place, open_itk
from voxclick.types import Array
from voxclick.volume import LabelMap, Mask, Volume

log = logging.getLogger(__name__)

FAST = 1
HEADER_LIMIT = 1 << 20


@dataclass(frozen=True)
class Segment:
    """One object of a 3D Slicer segmentation.

    Attributes:
        number: Its label number; the value in the file, or its place where values repeat.
        name: Its name.
        value: The value of its voxels in the file.
        layer: The channel of the file that it lies in; segments of several may overlap.
    """

    number: int
    name: str
    value: int
    layer: int


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in an NRRD file.

    Args:
        path: A `.nrrd` or `.nhdr` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, not 3D, or has several frames or channels.
        GridError: If its header does not place the voxels in space.
    """
    file = _open(path)
    return Volume(intensities(native(file.scalars()), path), file.grid)


def read_labelmap(path: Path) -> LabelMap:
    """The label map in an NRRD file, with the names of a 3D Slicer segmentation.

    Segments whose values repeat from layer to layer are numbered from 1 in their order.

    Raises:
        FileFormatError: If the file is broken, its values are no labels, or its segments overlap
            (`read_mask` reads one of them).
        GridError: If its header does not place the voxels in space.
    """
    file = _open(path)
    segments = _segments(file)
    names = {segment.number: segment.name for segment in segments}
    if file.channels == 1:
        return LabelMap(label_numbers(native(file.scalars()), path), file.grid, names)
    if not segments:
        file.scalars()
    layers = native(file.voxels())
    array = np.zeros(file.grid.shape, dtype=np.min_scalar_type(max(names)))
    for segment in segments:
        inside = layers[..., segment.layer] == segment.value
        other = int(array[inside].max(initial=0))
        if other:
            raise FileFormatError(
                f"a label map cannot hold segments that overlap, in {path} {names[other]!r} and "
                f"{segment.name!r} do; read one with read_mask(path, label=number or name)"
            )
        array[inside] = segment.number
    return LabelMap(array, file.grid, names)


def read_mask(path: Path, label: int | str) -> Mask:
    """One segment of an NRRD file, also where segments overlap.

    Args:
        path: A `.nrrd`, `.seg.nrrd` or `.nhdr` file.
        label: The segment's number or name.

    Raises:
        FileFormatError: If the file is broken or its values are no labels.
        GridError: If its header does not place the voxels in space.
        UnknownNameError: If no segment has that number or name.
    """
    file = _open(path)
    segments = _segments(file)
    if file.channels == 1 or not segments:
        return read_labelmap(path).mask(label)
    for segment in segments:
        if label in (segment.number, segment.name):
            return Mask(file.voxels()[..., segment.layer] == segment.value, file.grid)
    known = ", ".join(f"{segment.number} ({segment.name})" for segment in segments)
    raise UnknownNameError(f"no segment {label!r} in {path}; there are {known}")


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers and names, as 3D Slicer reads them from a `.seg.nrrd`."""
    _write(np.asarray(label_bytes(labels.kept)), labels.grid, path, _slicer_keys(labels))


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has; half floats are widened."""
    array = native(np.asarray(volume.array))
    half = array.dtype == np.float16
    _write(array.astype(np.float32) if half else array, volume.grid, path, {})


def _open(path: Path) -> ItkFile:
    file = open_itk(path, "NrrdImageIO")
    with path.open("rb") as stream:
        parts = re.split(rb"(\r?\n\r?\n)", stream.read(HEADER_LIMIT), maxsplit=1)
    fields = dict(
        re.findall(r"^([a-z ]+): *(.*?)\r?$", parts[0].decode("latin1"), flags=re.MULTILINE)
    )
    _check_spacing(path, fields)
    if fields.get("encoding", "").lower() in ("gzip", "gz"):
        beside = fields.get("data file", fields.get("datafile"))
        if beside is None:
            _check_whole(file, path, sum(map(len, parts[:2])))
        elif (path.parent / beside).is_file():  # a list or a pattern of files is none
            _check_whole(file, path.parent / beside, 0)
    return file


def _check_whole(file: ItkFile, data: Path, start: int) -> None:
    """Raise for compressed voxels that are cut off: ITK fills what is missing without a word.

    The last four bytes tell how many were compressed. Where they tell something else, in a file
    of several gzip members or with something behind them, all of it is decompressed to see.

    Args:
        file: The file, with its header read.
        data: Where its voxels are: there too, or beside it.
        start: Where they begin.
    """
    wanted = file.stored_bytes
    with data.open("rb") as stream:
        stream.seek(max(start, stream.seek(0, os.SEEK_END) - 4))
        if int.from_bytes(stream.read(), "little") == wanted % (1 << 32):
            return
        stream.seek(start)
        found = 0
        try:
            with gzip.GzipFile(fileobj=stream) as packed:
                while part := packed.read(min(1 << 24, wanted - found)):
                    found += len(part)
                packed.read(1)  # the check sum lies behind the last byte
        except gzip.BadGzipFile:  # what lies behind the voxels is nothing that ITK reads
            pass
        except (EOFError, OSError, zlib.error):
            found = 0
    if found < wanted:
        raise FileFormatError(
            f"cannot read {file.path}: its compressed voxels are cut off; copy or export it again"
        )


def _check_spacing(path: Path, fields: dict[str, str]) -> None:
    """Raise for a spacing that ITK would replace by 1 mm without a word."""
    directions, spacings = fields.get("space directions"), fields.get("spacings")
    if directions is not None:
        known = directions.count("(")
    elif spacings is not None:
        known = sum(text.lower() != "nan" for text in spacings.split())
    else:
        log.warning("%s tells no spacing: 1 mm along every axis is a guess", path)
        return
    if known < 3:
        raise GridError(
            f"a spacing above 0 mm is needed along every axis, got {directions or spacings} in "
            f"{path}; repair the header"
        )


def _segments(file: ItkFile) -> tuple[Segment, ...]:
    """The segments that 3D Slicer lists in the header; none in a plain NRRD."""
    found = (re.fullmatch(r"Segment(\d+)_ID", key) for key in file.keys)
    orders = sorted(int(match[1]) for match in found if match)
    listed: list[tuple[str, int, int]] = []
    for order in orders:
        key = f"Segment{order}_"
        name = file.keys.get(key + "Name", "") or file.keys[key + "ID"]
        try:  # before Slicer 4.11 each segment had its own layer and the value 1
            value = int(file.keys.get(key + "LabelValue", "1"))
            layer = int(file.keys.get(key + "Layer", order if file.channels > 1 else 0))
        except ValueError:
            value, layer = 0, -1
        if value < 1 or not 0 <= layer < file.channels:
            raise FileFormatError(
                f"segment {name!r} of {file.path} needs a value from 1 up and one of "
                f"{file.channels} layers, got LabelValue {value} and Layer {layer}; "
                "save the segmentation again"
            )
        listed.append((name, value, layer))
    repeated = file.channels > 1 and len({value for _, value, _ in listed}) < len(listed)
    return tuple(
        Segment(place if repeated else value, name, value, layer)
        for place, (name, value, layer) in enumerate(listed, start=1)
    )


def _slicer_keys(labels: LabelMap) -> dict[str, str]:
    """What 3D Slicer wants to know of a segmentation with one layer.

    Source: vtkMRMLSegmentationStorageNode of Slicer 5; the extent is that of the layer.
    """
    extent = " ".join(f"0 {n - 1}" for n in labels.grid.shape)
    keys = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_SourceRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for order, label in enumerate(labels.labels):
        red, green, blue = colorsys.hsv_to_rgb(order * 0.618034 % 1.0, 0.6, 0.9)
        segment = {
            "Color": f"{red:.6f} {green:.6f} {blue:.6f}",
            "ColorAutoGenerated": "1",
            "Extent": extent,
            "ID": f"Segment_{label}",
            "LabelValue": str(label),
            "Layer": "0",
            "Name": labels.name(label),
            "NameAutoGenerated": "0",
            "Tags": "|",
        }
        keys |= {f"Segment{order}_{key}": value for key, value in segment.items()}
    return keys


def _write(array: Real[Array, "i j k"], grid: Grid, path: Path, keys: dict[str, str]) -> None:
    image = SimpleITK.GetImageFromArray(in_file_order(array).transpose(2, 1, 0))  # k j i
    spacing, direction, origin = itk_place(grid)
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    image.SetOrigin(origin)
    for key, value in keys.items():
        image.SetMetaData(key, value)
    try:
        SimpleITK.WriteImage(image, str(path), True, FAST)
    except RuntimeError as error:
        # ITK does not say why; what is left of the disk does
        full = shutil.disk_usage(path.parent).free < array.nbytes
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, str(error).strip().splitlines()[-1]) from None
