"""Masks and labels made small: packed bits and runs, both over C order."""

import numpy as np
from jaxtyping import Bool, Integer

from voxclick.errors import InputError
from voxclick.geometry import Box
from voxclick.types import Array, Index3
from voxclick.volume.blocks import SIDE, Blocks, blank

SLAB = 1 << 25
"""Voxels of a large mask that are taken at a time, if a row of blocks has no more."""


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
    values: Integer[Array, "i j k"] | Bool[Array, "i j k"] | Blocks,
) -> tuple[Integer[Array, " n"] | Bool[Array, " n"], Integer[Array, " n"]]:
    """The array as runs of equal values in C order: `(value of each run, length of each run)`."""
    if isinstance(values, Blocks):
        return _encode_blocks(values)
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


def decode_mask(
    values: Bool[Array, " n"], lengths: Integer[Array, " n"], shape: Index3
) -> Bool[Array, "i j k"] | Blocks:
    """The mask that `encode_runs` took apart; a large one in blocks.

    Args:
        values: Of each run.
        lengths: Of each run; they fill the shape exactly.
        shape: Number of voxels along each axis.
    """
    found = blank(shape)
    if not isinstance(found, Blocks):
        return decode_runs(values, lengths, shape)
    stops = np.cumsum(lengths)
    for slab in Box.whole(shape).slabs(SLAB, multiple=SIDE):
        first, last = (i * shape[1] * shape[2] for i in (slab.start[0], slab.stop[0]))
        runs = slice(
            int(np.searchsorted(stops, first, "right")), int(np.searchsorted(stops, last)) + 1
        )
        counts = np.diff(np.clip(stops[runs], first, last), prepend=first)
        found[slab.slices] = np.repeat(values[runs], counts).reshape(slab.shape)
    return found


def _encode_blocks(
    values: Blocks,
) -> tuple[Integer[Array, " n"] | Bool[Array, " n"], Integer[Array, " n"]]:
    """Slab by slab; runs that go on from one into the next are joined."""
    slabs = Box.whole(values.shape).slabs(SLAB, multiple=SIDE)
    pairs = [encode_runs(values[slab.slices]) for slab in slabs]
    all_values = np.concatenate([one for one, _ in pairs])
    all_lengths = np.concatenate([lengths for _, lengths in pairs])
    firsts = np.flatnonzero(np.concatenate(([True], all_values[1:] != all_values[:-1])))
    return all_values[firsts], np.add.reduceat(all_lengths, firsts)
