"""Geodesic distances on a voxel grid by raster sweeps."""

from typing import Any, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int

from voxclick.types import Array, Vector3

FAR = 1e9
"""The distance of a voxel that no seed reaches."""

ROUNDS = 4
SETTLED = 0.01


def edge_costs(
    channels: tuple[Float[Array, "i j k"], ...],
    rates: tuple[float, ...],
    lengths: Vector3,
    length_rate: float,
) -> Float[Array, "3 i j k"]:
    """What a step to the next voxel along each axis costs.

    The sum over the channels of `rate * |difference|`, and `length_rate` for each unit of length.
    The cost beyond the last voxel of an axis is never read.

    Args:
        channels: Images that are dear to cross where they change.
        rates: Cost of a difference of 1, one a channel.
        lengths: Length of a step along each axis; 1 for the finest.
        length_rate: Cost of a length of 1.
    """
    shape = channels[0].shape
    costs = np.empty((3, *shape), dtype=np.float32)
    for axis in range(3):
        costs[axis] = length_rate * lengths[axis]
        ahead: list[slice] = [slice(None)] * 3
        ahead[axis] = slice(0, shape[axis] - 1)
        for channel, rate in zip(channels, rates, strict=True):
            costs[axis][tuple(ahead)] += rate * np.abs(np.diff(channel, axis=axis))
    return costs


def geodesic_distance(
    costs: Float[Array, "3 i j k"], start: Float[Array, "i j k"]
) -> Float[Array, "i j k"]:
    """Cost of the cheapest path to each voxel, along the axes, from where it may start.

    Forward and backward raster sweeps until they change nothing that matters, at most four
    rounds: near the exact distance, in a time that hardly depends on the image.

    Args:
        costs: Of a step to the next voxel along each axis, as `edge_costs` gives them.
        start: What it costs to start in a voxel: 0 for a seed, `FAR` where no path may start.

    Returns:
        `FAR` where no path may start anywhere.

    Source: Toivanen, Pattern Recognition Letters 1996; Criminisi et al., ECCV 2008 (GeoS),
    section 2.
    """
    distance = np.array(start, dtype=np.float32, order="C")
    if (distance < FAR).any():
        _sweep(distance, costs, ROUNDS, SETTLED)
    return distance


def nearest_voxels(
    image: Float[Array, "i j k"],
    seeds: Int[Array, "n 3"],
    lengths: Vector3,
    count: int,
    reach: int = 6,
    rate: float = 30.0,
    length_rate: float = 0.1,
) -> Int[Array, "m 3"]:
    """The voxels geodesically nearest to the seeds: what the seeds' own tissue looks like.

    Args:
        image: Dear to cross where it changes.
        seeds: Voxels inside the image; they count among the nearest.
        lengths: Length of a step along each axis; 1 for the finest.
        count: How many voxels at most.
        reach: How far around the seeds to look, in units of length.
        rate: Cost of a change of 1 in the image.
        length_rate: Cost of a length of 1.
    """
    by = np.maximum(1, np.round(reach / np.array(lengths))).astype(int)
    start = np.maximum(seeds.min(axis=0) - by, 0)
    stop = np.minimum(seeds.max(axis=0) + by + 1, image.shape)
    window = np.ascontiguousarray(image[tuple(map(slice, start, stop))])
    begin = np.full(window.shape, FAR, dtype=np.float32)
    begin[tuple((seeds - start).T)] = 0.0
    costs = edge_costs((window,), (rate,), lengths, length_rate)
    distance = geodesic_distance(costs, begin).ravel()
    kept = min(count, distance.size)
    chosen = np.sort(np.argsort(distance, kind="stable")[:kept])
    found: Array = np.stack(np.unravel_index(chosen, window.shape), axis=1) + start
    return found


@numba.njit(cache=True, nogil=True)
@no_type_check  # numba reads the plain function; run-time checks of types would hide it
def _sweep(distance: Any, costs: Any, rounds: int, settled: float) -> None:
    for _ in range(rounds):
        most = max(_pass(distance, costs, 1), _pass(distance, costs, -1))
        if most < settled:
            break


@numba.njit(cache=True, nogil=True)
@no_type_check
def _pass(distance: Any, costs: Any, step: int) -> float:
    """One raster pass, from the first voxel on (step 1) or from the last one back (-1)."""
    ni, nj, nk = distance.shape
    behind = 1 if step < 0 else 0
    most = np.float32(0.0)
    for row in range(ni):
        i = row if step > 0 else ni - 1 - row
        for column in range(nj):
            j = column if step > 0 else nj - 1 - column
            for depth in range(nk):
                k = depth if step > 0 else nk - 1 - depth
                here = distance[i, j, k]
                best = here
                if row > 0:
                    best = min(best, distance[i - step, j, k] + costs[0, i - 1 + behind, j, k])
                if column > 0:
                    best = min(best, distance[i, j - step, k] + costs[1, i, j - 1 + behind, k])
                if depth > 0:
                    best = min(best, distance[i, j, k - step] + costs[2, i, j, k - 1 + behind])
                if best < here:
                    most = max(most, here - best)
                    distance[i, j, k] = best
    return most
