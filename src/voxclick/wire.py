"""Arrays on the wire, as nnInteractive's remote protocol packs them (NNIA, version 1).

First come "NNIA", u8 version, u8 codec (1 zstd, 2 lz4), u8 number of axes, u8 length of the type's
name, the name in ASCII, an i64 for each axis and the u32 number of chunks. For each chunk follow
u64 bytes, u64 packed bytes and a blosc2 frame. Little endian; the array in C order.
"""

import struct
from dataclasses import dataclass
from math import prod
from types import ModuleType

import numpy as np

from voxclick.errors import InputError, TooLargeError
from voxclick.types import Array

CHUNK_BYTES = 1 << 30
"""Bytes of a chunk before packing; blosc2 takes less than 2 GiB at a time."""

MOST_AXES = 8
"""Axes that an array may declare."""

LEVEL = 3
"""Effort of the packing, of 1 to 9."""

TYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64"}
)
"""Names of the types that travel: nothing that could hold an object."""

_MAGIC = b"NNIA"
_VERSION = 1
_ZSTD, _LZ4 = 1, 2
_START = struct.Struct("<4sBBBB")
_COUNT = struct.Struct("<I")
_CHUNK = struct.Struct("<QQ")
_FRAME_BYTES = 16
"""Bytes of the shortest blosc2 frame: its header."""


@dataclass(frozen=True)
class Declared:
    """What the head of a packed array says of it, checked against what is taken in.

    Attributes:
        shape: Length of each axis.
        dtype: Type of its elements.
        chunks: For each chunk its bytes when unpacked and where its frame lies.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    chunks: tuple[tuple[int, slice], ...]


def encode(array: Array, chunk_bytes: int = CHUNK_BYTES) -> bytes:
    """The array packed: zstd, its bytes shuffled where an element has several.

    Args:
        array: Of a type in `TYPES`, with any number of axes up to `MOST_AXES`.
        chunk_bytes: Bytes of a chunk before packing, a multiple of the element's size.

    Raises:
        InputError: If the type does not travel, or there are too many axes.
    """
    blosc2 = _blosc2()
    if array.dtype.name not in TYPES or array.ndim > MOST_AXES:
        raise InputError(
            f"an array on the wire needs at most {MOST_AXES} axes and a type of "
            f"{', '.join(sorted(TYPES))}, got {array.ndim} axes of {array.dtype}"
        )
    dense = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    raw = dense.reshape(-1).view(np.uint8).data
    name = dense.dtype.name.encode("ascii")
    pieces = [
        _START.pack(_MAGIC, _VERSION, _ZSTD, array.ndim, len(name)),
        name,
        struct.pack(f"<{array.ndim}q", *array.shape),
        _COUNT.pack(-(-len(raw) // chunk_bytes)),
    ]
    size = dense.dtype.itemsize
    shuffled = blosc2.Filter.SHUFFLE if size > 1 else blosc2.Filter.NOFILTER
    for first in range(0, len(raw), chunk_bytes):
        chunk = raw[first : first + chunk_bytes]
        # without the true typesize blosc2 packs zeros into frames that it cannot unpack
        frame = blosc2.compress2(
            chunk, typesize=size, codec=blosc2.Codec.ZSTD, clevel=LEVEL, filters=[shuffled]
        )
        pieces += (_CHUNK.pack(len(chunk), len(frame)), frame)
    return b"".join(pieces)


def decode(packed: bytes | bytearray | memoryview, most_bytes: int) -> Array:
    """The array that `encode`, or a client of the protocol, packed.

    Every size that the bytes declare is checked before anything of that size is allocated.

    Args:
        packed: From anywhere: nothing in it is trusted.
        most_bytes: What the array may measure when unpacked.

    Raises:
        TooLargeError: If it declares more than `most_bytes`.
        InputError: If it is no packed array, is cut off, or holds what does not travel.
    """
    blosc2 = _blosc2()
    view = memoryview(packed)
    declared = read_head(view, most_bytes)
    flat = np.empty(prod(declared.shape), dtype=declared.dtype)
    raw = flat.view(np.uint8)
    filled = 0
    for size, place in declared.chunks:
        frame = view[place]
        # blosc2 writes as much as the frame says, whatever room there is
        said, frame_bytes, _ = blosc2.get_cbuffer_sizes(frame)
        if said != size or frame_bytes != len(frame):
            raise InputError(
                f"a chunk of a packed array must hold {size} bytes in a frame of {len(frame)}, "
                f"got a frame that says {said} in {frame_bytes}; pack it anew"
            )
        try:
            blosc2.decompress2(frame, dst=raw[filled : filled + size])
        except (RuntimeError, ValueError) as error:
            raise InputError(f"a chunk of a packed array is broken ({error}); send it again") from (
                None
            )
        filled += size
    return flat.reshape(declared.shape)


def read_head(packed: memoryview, most_bytes: int) -> Declared:
    """What a packed array declares, with nothing unpacked yet.

    Raises:
        TooLargeError: If it declares more than `most_bytes`.
        InputError: If it is no packed array, is cut off, or holds what does not travel.
    """
    try:
        magic, version, codec, axes, length = _START.unpack_from(packed, 0)
        name = bytes(packed[_START.size : _START.size + length])
        after = _START.size + length
        if (magic, version) != (_MAGIC, _VERSION) or codec not in (_ZSTD, _LZ4):
            raise InputError(
                f"a packed array must begin with {_MAGIC!r}, version {_VERSION} and codec {_ZSTD} "
                f"or {_LZ4}, got {magic!r}, {version} and {codec}"
            )
        if axes > MOST_AXES or name.decode("ascii", "replace") not in TYPES:
            raise InputError(
                f"a packed array needs at most {MOST_AXES} axes and a type of "
                f"{', '.join(sorted(TYPES))}, got {axes} axes of {name[:40]!r}"
            )
        shape = struct.unpack_from(f"<{axes}q", packed, after)
        dtype = np.dtype(name.decode("ascii")).newbyteorder("<")
        total = _declared_bytes(shape, dtype.itemsize, most_bytes)
        chunks = _chunks(packed, after + 8 * axes, total, dtype.itemsize)
    except struct.error:
        raise InputError(
            f"a packed array is cut off after {len(packed)} bytes; send it again"
        ) from None
    return Declared(shape, dtype, chunks)


def _declared_bytes(shape: tuple[int, ...], itemsize: int, most_bytes: int) -> int:
    if min(shape, default=0) < 0:
        raise InputError(f"a packed array needs axes of 0 or more, got the shape {shape}")
    # plain integers: a product of eight i64 does not wrap around; an empty array has bounds too
    if prod(max(n, 1) for n in shape) * itemsize > most_bytes:
        raise TooLargeError(
            f"an array may measure at most {most_bytes} bytes, got the shape {shape} of "
            f"{itemsize}-byte elements; crop it, or ask for a larger limit"
        )
    return prod(shape) * itemsize


def _chunks(
    packed: memoryview, after: int, total: int, itemsize: int
) -> tuple[tuple[int, slice], ...]:
    """Where the chunks lie, checked to fill the declared array exactly."""
    (count,) = _COUNT.unpack_from(packed, after)
    after += _COUNT.size
    chunks: list[tuple[int, slice]] = []
    filled = 0
    for _ in range(count):
        size, frame_bytes = _CHUNK.unpack_from(packed, after)
        after += _CHUNK.size
        if not 0 < size <= total - filled or size % itemsize:
            raise InputError(
                f"the chunks of a packed array must fill its {total} bytes with whole elements of "
                f"{itemsize}, got one of {size} bytes after {filled}"
            )
        if not _FRAME_BYTES <= frame_bytes <= len(packed) - after:
            raise InputError(
                f"a chunk of a packed array declares {frame_bytes} packed bytes where "
                f"{len(packed) - after} follow; send it again"
            )
        chunks.append((size, slice(after, after + frame_bytes)))
        after += frame_bytes
        filled += size
    if filled != total:
        raise InputError(
            f"the chunks of a packed array must fill its {total} bytes, got {filled}; send it again"
        )
    return tuple(chunks)


def _blosc2() -> ModuleType:
    """The codec, half a second of imports that only those who send arrays should wait for."""
    import blosc2

    module: ModuleType = blosc2
    return module
