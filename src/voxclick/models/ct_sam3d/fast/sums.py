"""Small loops over features: statistics for norms, borders, and the last sum."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

from voxclick.types import Array

TAPS = 27
"""Voxels in reach of a convolution of three."""

TOGETHER = 64
"""Rows summed in float32 before they go to float64."""


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check  # numba reads the plain function; run-time checks of types would hide it
def column_sums(
    rows: Float[Array, "n c"], about: Float[Array, " c"], squared: bool, sums: Float[Array, " c"]
) -> None:
    """Of each column, the sum of what it is away from a value, or of its squares.

    Args:
        rows: Features.
        about: The value.
        squared: Whether squares are summed.
        sums: Where they go.
    """
    count, channels = rows.shape
    part = np.empty(channels, np.float32)
    sums[:] = 0
    for start in range(0, count, TOGETHER):
        part[:] = 0
        for row in range(start, min(start + TOGETHER, count)):
            if squared:
                for c in range(channels):
                    away = rows[row, c] - about[c]
                    part[c] += away * away
            else:
                for c in range(channels):
                    part[c] += rows[row, c] - about[c]
        for c in range(channels):
            sums[c] += part[c]


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def sum_shares(
    shares: Float[Array, "offsets taps d h w"],
    bias: np.float32,
    start: int,
    stop: int,
    into: Float[Array, "d2 h2 w2"],
) -> None:
    """What every fine voxel gets from itself and its neighbours.

    Args:
        shares: Of the eight fine voxels in each voxel, what they give at each of 27 taps.
        bias: Of the result.
        start: First plane of voxels to do.
        stop: One past the last.
        into: Where it goes.
    """
    _, _, depth, height, width = shares.shape
    line = np.empty(width, np.float32)
    for z in range(2 * start, 2 * stop):
        for y in range(2 * height):
            for odd in range(2):
                line[:] = bias
                for i in range(max(0, z - 1), min(2 * depth, z + 2)):
                    for j in range(max(0, y - 1), min(2 * height, y + 2)):
                        for k in range(3):
                            fine = odd + k - 1
                            offset = 4 * (i % 2) + 2 * (j % 2) + fine % 2
                            tap = 9 * (i - z + 1) + 3 * (j - y + 1) + k
                            away = fine // 2
                            row = shares[offset, tap, i // 2, j // 2]
                            for x in range(max(0, -away), min(width, width - away)):
                                line[x] += row[x + away]
                for x in range(width):
                    into[z, y, 2 * x + odd] = line[x]


def clear_faces(image: Float[Array, "u v w c"]) -> None:
    """Set the border of one voxel to 0."""
    for axis in range(3):
        for face in (0, -1):
            image[(slice(None),) * axis + (face,)] = 0
