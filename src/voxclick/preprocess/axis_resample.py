"""Reading along one axis at another spacing, as a small matrix.

Views share the axes of the native grid, so that resampling is separable: three matrix products
read a view of any size without a resampled copy of the volume, and three more bring logits back.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.geometry import Box
from voxclick.types import Array
from voxclick.volume import Partwise, Voxels

LARGEST_PART = 400 << 20
"""Bytes of a box that is taken out of a volume in parts at once; a larger one is read by parts."""


def reading_matrix(
    positions: Float[Array, " n"], step: float, start: int, stop: int
) -> Float[Array, "n m"]:
    """Weights that read native samples `start..stop` at (float) native positions.

    Linear interpolation where the view is as fine as the volume; a tent as wide as the step
    where it is coarser, so that nothing aliases. Either reads a ramp as the same ramp. Positions
    beyond the samples read the last one.

    Args:
        positions: Native index of each view voxel.
        step: Native voxels between neighbouring view voxels.
        start: First native sample.
        stop: One past the last native sample.
    """
    width = max(step, 1.0)
    samples = np.arange(start, stop, dtype=np.float64)
    held = np.clip(positions, start, stop - 1)
    away = samples[None, :] - held[:, None]
    weights = np.maximum(0.0, 1.0 - np.abs(away) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    # whole samples under a tent balance up to 0.03 voxels beside its middle: tilt it back
    # (Cleveland 1979, local linear regression), but not where the volume's border cuts it
    off, spread = (weights * away).sum(axis=1), (weights * away**2).sum(axis=1)
    full = (held - width >= start - 1) & (held + width <= stop) & (spread > 0)
    tilt = np.divide(off, spread, out=np.zeros_like(off), where=full)
    weights *= 1.0 - tilt[:, None] * away
    read: Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return read


def contract(
    values: Float[Tensor, "i j k"],
    along_i: Float[Tensor, "a i"],
    along_j: Float[Tensor, "b j"],
    along_k: Float[Tensor, "c k"],
) -> Float[Tensor, "a b c"]:
    """The values with every axis replaced by what its matrix reads."""
    read = values @ along_k.T  # i j c
    read = along_j @ read  # i b c
    flat = along_i @ read.reshape(read.shape[0], -1)  # a bc
    return flat.reshape(along_i.shape[0], along_j.shape[0], along_k.shape[0])


def read_box(
    array: Voxels,
    slices: tuple[slice, slice, slice],
    matrices: tuple[Float[Array, "a i"], Float[Array, "b j"], Float[Array, "c k"]],
    device: torch.device,
    chunk_bytes: int = 1 << 26,
) -> Float[Tensor, "a b c"]:
    """A box of a native array read through one matrix an axis.

    The box goes to float32 in chunks of at most `chunk_bytes`, so that a wide view of a large
    volume never makes a float copy of it. NaN and infinite voxels read as 0: one of them would
    spread over every row of the matrix products.

    A box of a volume in parts is read part by part where it is large, so that what is in memory at
    a time is small; the sums run in another order then, which tells in the last digits.
    """
    if isinstance(array, Partwise):
        i, j, k = slices
        box = Box((i.start, j.start, k.start), (i.stop, j.stop, k.stop))
        if box.voxels * array.dtype.itemsize > LARGEST_PART:
            return _read_parts(array, box, matrices, device)
        array, slices = array.part(box), Box.whole(box.shape).slices
    along_i, along_j, along_k = (torch.from_numpy(m).to(device) for m in matrices)
    rows = slices[0].stop - slices[0].start
    plane = (slices[1].stop - slices[1].start) * (slices[2].stop - slices[2].start)
    step = max(1, chunk_bytes // (4 * plane))
    planes: list[Tensor] = []
    for first in range(0, rows, step):
        part = slice(slices[0].start + first, slices[0].start + min(rows, first + step))
        with np.errstate(over="ignore"):
            chunk = np.array(array[part, slices[1], slices[2]], dtype=np.float32, order="C")
        if array.dtype.kind == "f" and not np.isfinite(chunk).all():
            chunk = np.nan_to_num(chunk, posinf=0.0, neginf=0.0)
        planes.append(along_j @ (torch.from_numpy(chunk).to(device) @ along_k.T))  # i b c
    read = torch.cat(planes)
    flat = along_i @ read.reshape(rows, -1)  # a bc
    return flat.reshape(along_i.shape[0], along_j.shape[0], along_k.shape[0])


def _read_parts(
    array: Partwise,
    box: Box,
    matrices: tuple[Float[Array, "a i"], Float[Array, "b j"], Float[Array, "c k"]],
    device: torch.device,
) -> Float[Tensor, "a b c"]:
    """A box read as `read_box` does, as the sum of what each part of it gives."""
    read = torch.zeros([len(matrix) for matrix in matrices], device=device)
    for part in array.parts(array.occupied(box)):
        columns = part.shifted((-box.start[0], -box.start[1], -box.start[2])).slices
        weights = [m[:, column] for m, column in zip(matrices, columns, strict=True)]
        rows = [np.flatnonzero(one.any(axis=1)) for one in weights]
        if not all(len(one) for one in rows):
            continue
        seen = [slice(int(one[0]), int(one[-1]) + 1) for one in rows]
        i, j, k = (
            torch.from_numpy(w[row]).to(device) for w, row in zip(weights, seen, strict=True)
        )
        # k, j, i as they lie in the file: no copy turns them
        values = torch.from_numpy(_finite(array.part(part)).T).to(device)
        found = k @ (j @ (values @ i.T)).flatten(1)  # c ba
        found = found.reshape(len(k), len(j), len(i)).permute(2, 1, 0)  # a b c
        read[seen[0], seen[1], seen[2]] += found
    return read


def _finite(values: Array) -> Float[Array, "i j k"]:
    """As float32, with i fastest; NaN and infinite voxels as 0."""
    with np.errstate(over="ignore"):
        chunk = np.array(values, dtype=np.float32, order="F")
    if values.dtype.kind == "f" and not np.isfinite(chunk).all():
        chunk = np.asfortranarray(np.nan_to_num(chunk, posinf=0.0, neginf=0.0))
    return chunk
