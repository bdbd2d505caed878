"""MetaImage files (`.mha`, `.mhd`)."""

import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from jaxtyping import Real

from voxclick.errors import FileFormatError
from voxclick.geometry import Grid
from voxclick.io.content import (
    check_size,
    file_bytes,
    intensities,
    label_bytes,
    label_numbers,
    native,
    widened,
)
from voxclick.io.formats.itk_image import ItkFile, itk_place, open_itk
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume, Voxels

ELEMENT_TYPES = {
    "MET_LONG": np.int32,
    "MET_ULONG": np.uint32,
    "MET_CHAR": np.int8,
    "MET_UCHAR": np.uint8,
    "MET_SHORT": np.int16,
    "MET_USHORT": np.uint16,
    "MET_INT": np.int32,
    "MET_UINT": np.uint32,
    "MET_LONG_LONG": np.int64,
    "MET_ULONG_LONG": np.uint64,
    "MET_FLOAT": np.float32,
    "MET_DOUBLE": np.float64,
}
"""ITK's names; of two for one type the later one is written."""
HEADER_LIMIT = 1 << 16
CHUNK = 1 << 22
FAST = 1


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in a MetaImage file.

    Args:
        path: A `.mha` file, or a `.mhd` file with its data beside it.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken, not 3D, or has several frames or channels.
        GridError: If its header does not place the voxels in space.
    """
    file = _open(path)
    return Volume(intensities(native(file.scalars()), path), file.grid)


def read_labelmap(path: Path) -> LabelMap:
    """The label map in a MetaImage file.

    Raises:
        FileFormatError: If the file is broken, or its values are no labels.
        GridError: If its header does not place the voxels in space.
    """
    file = _open(path)
    return LabelMap(label_numbers(native(file.scalars()), path), file.grid)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the smallest unsigned type that holds them; names are not kept."""
    _write(label_bytes(labels.kept), labels.grid, path)


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has; half floats are widened."""
    _write(widened(volume.array), volume.grid, path)


def _open(path: Path) -> ItkFile:
    """The file, once it is sure that ITK will read it right.

    Of compressed data that are cut off ITK makes what the memory held before, and of other trouble
    it tells the terminal.
    """
    with path.open("rb") as stream:
        fields = _fields(stream.read(HEADER_LIMIT), path)
        name = fields["ElementDataFile"]
        if name.upper() == "LOCAL":
            _check_data(stream, int(fields["after"]), path, fields)
        elif not (name.upper().startswith("LIST") or "%" in name):
            data = path.parent / name
            if not data.is_file():
                raise FileFormatError(
                    f"the voxels of {path} should lie beside it in {name}, there is no such file; "
                    "copy both, or export one .mha"
                )
            with data.open("rb") as beside:
                _check_data(beside, max(0, int(fields.get("HeaderSize", 0))), data, fields)
    return open_itk(path, "MetaImageIO")


def _fields(start: bytes, path: Path) -> dict[str, str]:
    """The header up to its last field, and as `after` the bytes that it takes."""
    fields: dict[str, str] = {}
    after = 0
    for line in start.splitlines(keepends=True):
        after += len(line)
        name, equals, value = line.decode("latin1").partition("=")
        if not line.strip():
            continue
        if not equals:
            break
        fields[name.strip()] = value.strip()
        if name.strip() == "ElementDataFile":
            return fields | {"after": str(after)}
    raise FileFormatError(
        f"a MetaImage file is needed, {path} has no MetaImage header but begins with {start[:12]!r}"
    )


def _check_data(stream: BufferedIOBase, offset: int, path: Path, fields: dict[str, str]) -> None:
    """Raise unless the voxels are all there."""
    try:
        sizes = [int(text) for text in fields["DimSize"].split()]
        channels = int(fields.get("ElementNumberOfChannels", 1))
        kind = np.dtype(ELEMENT_TYPES[fields["ElementType"].removesuffix("_ARRAY")])
        packed = int(fields.get("CompressedDataSize", 0))
    except (KeyError, ValueError) as error:
        raise FileFormatError(f"cannot read {path}: its header lacks or garbles {error}") from None
    if min(sizes, default=0) < 1:
        raise FileFormatError(f"a 3D volume is needed, got the shape {tuple(sizes)} in {path}")
    needed = int(np.prod(sizes, dtype=object)) * channels * kind.itemsize
    compressed = fields.get("CompressedData", "False").lower() == "true"
    stored = stream.seek(0, 2) - offset
    if fields.get("BinaryData", "True").lower() == "false":
        return
    check_size(path, needed, stored, compressed)
    if compressed:
        stream.seek(offset)
        _check_packed(stream, packed, needed, path)


def _check_packed(stream: BufferedIOBase, packed: int, needed: int, path: Path) -> None:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip
    found, left = 0, packed
    try:
        while left > 0 and not inflate.eof and (taken := stream.read(min(CHUNK, left))):
            left -= len(taken)
            found += len(inflate.decompress(taken))
    except zlib.error as error:
        raise FileFormatError(f"cannot read {path}: {error}; copy or export it again") from None
    if found != needed or not inflate.eof:
        raise FileFormatError(
            f"{needed} bytes of voxels are promised by the header of {path}, {found} are in the "
            f"{packed} compressed bytes that it names; copy or export it again"
        )


def _write(array: Voxels, grid: Grid, path: Path) -> None:
    """Write header and compressed voxels as one file, also with the ending `.mhd`.

    Written here and not by SimpleITK, which tells the terminal of a full disk, and splits `.mhd`
    in two files that cannot appear at once.
    """
    spacing, direction, origin = itk_place(grid)
    columns = np.array(direction).reshape(3, 3).T.ravel()  # MetaImage has an axis in a row
    names = {np.dtype(kind): name for name, kind in ELEMENT_TYPES.items()}
    with path.open("wb+") as file:
        squeeze = zlib.compressobj(FAST)
        head = (
            "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
            "CompressedData = True\nCompressedDataSize = "
        )
        file.write(head.encode())
        size_at = file.tell()
        rest = (
            f"{0:<20d}\nTransformMatrix = {_numbers(columns)}\nOffset = {_numbers(origin)}\n"
            f"ElementSpacing = {_numbers(spacing)}\n"
            f"DimSize = {' '.join(str(n) for n in array.shape)}\n"
            f"ElementType = {names[array.dtype]}\nElementDataFile = LOCAL\n"
        )
        file.write(rest.encode())
        begin = file.tell()
        for part in file_bytes(array):
            file.write(squeeze.compress(part))
        file.write(squeeze.flush())
        size = file.tell() - begin
        file.seek(size_at)
        file.write(f"{size:<20d}".encode())


def _numbers(values: Real[Array, " n"] | list[float]) -> str:
    return " ".join(repr(float(value)) for value in values)
