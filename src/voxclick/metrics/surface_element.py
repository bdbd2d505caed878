"""The piece of surface between eight neighbouring voxels, and its area.

google-deepmind's surface-distance tabulates 256 pieces "created using the marching cubes
algorithm". They follow from three rules, and are computed from them here: a piece cuts each edge
between a voxel inside and one outside in its middle; where the four voxels of a face alternate,
those in the minority of the eight are kept apart; and each closed polygon is cut into triangles
as a fan, from the corner that gives the largest area in a cubic cell.
"""

from functools import cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, UInt8

from voxclick.types import Array, Vector3

Cut: TypeAlias = tuple[int, int]
"""An edge of the cell that the surface cuts: its voxel inside and its voxel outside.

Voxels are numbered 0 to 7 by their place: 4 stands for one step along `i`, 2 along `j`, 1 along
`k`."""

MOST_TRIANGLES = 4


def element_areas(spacing_mm: Vector3) -> Float[Array, "256"]:
    """The area of the surface in each of the 256 neighbourhoods, in square millimetres.

    Voxel `n` of the eight is bit `7 - n` of the neighbourhood's number. None (0) and all (255)
    have no surface.
    """
    faces = np.prod(spacing_mm) / np.array(spacing_mm)
    areas: Array = np.linalg.norm(_triangles() * faces, axis=-1).sum(axis=-1)
    return areas


def neighbourhoods(padded: UInt8[Array, "i j k"]) -> UInt8[Array, "a b c"]:
    """For each corner between voxels, which of the eight voxels around it are in the mask.

    Args:
        padded: The mask as 0 and 1, with a layer of 0 on every side.
    """
    i, j, k = (n - 1 for n in padded.shape)
    codes = np.zeros((i, j, k), dtype=np.uint8)
    for voxel, (a, b, c) in enumerate(np.ndindex(2, 2, 2)):
        codes |= padded[a : a + i, b : b + j, c : c + k] << np.uint8(7 - voxel)
    return codes


@cache
def _triangles() -> Float[Array, "256 4 3"]:
    """The area vectors of each neighbourhood's triangles in a unit cell; 0 where there are fewer.

    A vector's length is the area of the triangle, its direction the normal's.
    """
    table = np.zeros((256, MOST_TRIANGLES, 3))
    for code in range(1, 255):
        vectors = np.concatenate([_fan(polygon) for polygon in _polygons(code)])
        table[code, : len(vectors)] = vectors
    table.setflags(write=False)
    return table


def _polygons(code: int) -> list[list[Cut]]:
    """The closed polygons in which the surface cuts the cell, as cut edges in order."""
    inside = [bool(code >> (7 - voxel) & 1) for voxel in range(8)]
    if sum(inside) > 4:
        inside = [not within for within in inside]
    cuts = [
        (voxel, voxel ^ step)
        for voxel in range(8)
        for step in (4, 2, 1)
        if inside[voxel] and not inside[voxel ^ step]
    ]
    polygons: list[list[Cut]] = []
    while cuts:
        polygons.append(_walk(cuts[0], inside))
        cuts = [cut for cut in cuts if cut not in polygons[-1]]
    return polygons


def _walk(start: Cut, inside: list[bool]) -> list[Cut]:
    """Follow the surface from one cut edge across the faces of the cell until it closes."""
    within, beyond = start
    along = within ^ beyond
    across = 2 if along == 4 else 4
    polygon: list[Cut] = []
    while not polygon or (within, beyond) != start:
        polygon.append((within, beyond))
        beside, opposite = within ^ across, beyond ^ across
        third = 7 ^ along ^ across
        if not inside[beside]:  # first, so that alternating voxels inside stay apart
            beyond = beside
        elif inside[opposite]:
            within = opposite
        else:
            within, beyond = beside, opposite
        along, across = within ^ beyond, third
    return polygon


def _fan(polygon: list[Cut]) -> Float[Array, "n 3"]:
    """The area vectors of the fan with the largest area in a cubic cell."""
    places = np.array(list(np.ndindex(2, 2, 2)), dtype=np.float64)
    middles = np.array([(places[within] + places[beyond]) / 2 for within, beyond in polygon])
    fans = []
    for corner in range(len(polygon)):
        spokes = np.roll(middles, -corner, axis=0)[1:] - middles[corner]
        fans.append(np.cross(spokes[:-1], spokes[1:]) / 2)
    sizes = [np.linalg.norm(fan, axis=1).sum() for fan in fans]
    return fans[int(np.argmax(sizes))]
