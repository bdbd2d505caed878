"""Masks and labels made small: packed bits and runs, both over C order."""

import numpy as np
from jaxtyping import Bool, Integer

from voxclick.errors import InputError
from voxclick.types import Array, Index3


def pack_bits(mask: Bool[Array, "i j k"]) -> bytes:
    """The mask as one bit a voxel, C order, most significant bit first."""
    return np.packbits(np.ascontiguousarray(mask)).tobytes()


def unpack_bits(bits: bytes, shape: Index3) -> Bool[Array, "i j k"]:
    """The mask that `pack_bits` packed.

    Raises:
        InputError: If the bytes are not as many as the shape needs.
    """
    voxels = shape[0] * shape[1] * shape[2]
    if len(bits) != -(-voxels // 8):
        raise InputError(f"a packed mask of {shape} needs {-(-voxels // 8)} bytes, got {len(bits)}")
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=voxels)
    return flat.astype(np.bool_).reshape(shape)


def encode_runs(
    values: Integer[Array, "i j k"] | Bool[Array, "i j k"],
) -> tuple[Integer[Array, " n"] | Bool[Array, " n"], Integer[Array, " n"]]:
    """The array as runs of equal values in C order: `(value of each run, length of each run)`."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.size == 0:
        return flat, np.zeros(0, dtype=np.int64)
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    lengths = np.diff(np.append(starts, flat.size))
    return flat[starts], lengths


def decode_runs(
    values: Integer[Array, " n"] | Bool[Array, " n"], lengths: Integer[Array, " m"], shape: Index3
) -> Array:
    """The array that `encode_runs` took apart.

    Raises:
        InputError: If the runs do not fill the shape exactly.
    """
    voxels = shape[0] * shape[1] * shape[2]
    counts = np.asarray(lengths, dtype=np.int64)
    if (
        len(counts) != len(values)
        or ((counts < 0) | (counts > voxels)).any()
        or int(counts.sum()) != voxels
    ):
        raise InputError(
            f"runs for the shape {shape} must be as many lengths as values and add up to "
            f"{voxels} voxels, got {len(values)} values and {len(counts)} lengths "
            f"that add up to {int(counts.sum())}"
        )
    return np.repeat(np.asarray(values), counts).reshape(shape)
