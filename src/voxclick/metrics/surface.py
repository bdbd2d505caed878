"""Agreement of the surfaces of two masks, in millimetres.

The definition is google-deepmind's (surface-distance; Nikolov et al., arXiv 1809.04430): surface
elements lie between voxels, each has the area of the marching-cubes triangles of its 2x2x2
neighbourhood, and its distance is that to the nearest element of the other surface.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import distance_transform_edt

from voxclick.geometry import Box
from voxclick.metrics.overlap import check_same_grid, joint_box
from voxclick.types import Array, Vector3
from voxclick.volume import Mask

_TRIANGLES = {
    "a": (0, 0, 4),
    "b": (0, 2, 2),
    "c": (0, 4, 0),
    "d": (1, 1, 1),
    "e": (2, 0, 2),
    "f": (2, 2, 0),
    "g": (2, 2, 2),
    "h": (3, 3, 3),
    "i": (4, 0, 0),
}
"""The area vectors of marching-cubes triangles in a unit cell, in eighths, without signs."""

_CODES = (
    "- d d ff d ee dd dgi d dd ee dgi ff dgi dgi ii d bb dd cdg dd adg ddd ddgg dd bbd dee bdeh "
    "dff bdfh ddgi dgi d dd bb cdg dd dee bbd bdeh dd ddd adg ddgg dff ddgi bdfh dgi ff cdg cdg "
    "cc dff defh cddg cdg dff cddg defh cdg ffff dff dff ff d dd dd dff bb adg bbd bdfh dd ddd "
    "dee ddgi cdg ddgg bdeh dgi ee adg dee defh adg aa addg adg dee addg eeee dee defh adg dee ee "
    "dd ddd bbd cddg bbd addg bbbb bbd ddd dddd addg ddd cddg ddd bbd dd dgi ddgg bdeh cdg bdfh "
    "adg bbd bb ddgi ddd dee dd dff dd dd d"
)
"""The triangles of neighbourhoods 0 to 127, as published; 255 - n has those of n."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """The surface elements of two masks and how far each is from the other surface.

    Attributes:
        truth_mm: Distance of each element of the true surface; infinite without another surface.
        truth_area: Area of each, in square millimetres.
        predicted_mm: Distance of each element of the predicted surface.
        predicted_area: Area of each.
    """

    truth_mm: Float[Array, " n"]
    truth_area: Float[Array, " n"]
    predicted_mm: Float[Array, " m"]
    predicted_area: Float[Array, " m"]

    @property
    def empty(self) -> tuple[bool, bool]:
        """Whether the true and the predicted surface have no element."""
        return len(self.truth_mm) == 0, len(self.predicted_mm) == 0


def surface_distances(truth: Mask, predicted: Mask) -> SurfaceDistances:
    """The distances between the surfaces of two masks; spacing along sheared axes as lengths.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    check_same_grid(truth, predicted)
    spacing = truth.grid.spacing_mm
    box = joint_box(truth, predicted)
    if box.empty:
        none = np.zeros(0)
        return SurfaceDistances(none, none, none, none)
    codes = [_codes(mask.array, box) for mask in (truth, predicted)]
    borders = [(code != 0) & (code != 255) for code in codes]
    area = _areas(spacing)
    away = [_distance(border, spacing) for border in borders]
    return SurfaceDistances(
        away[1][borders[0]],
        area[codes[0][borders[0]]],
        away[0][borders[1]],
        area[codes[1][borders[1]]],
    )


def nsd(truth: Mask, predicted: Mask, tolerance_mm: float) -> float:
    """Normalised surface Dice: the share of both surfaces within the tolerance of the other.

    1 for two empty masks, 0 for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    found = surface_distances(truth, predicted)
    if all(found.empty):
        return 1.0
    near = found.truth_area[found.truth_mm <= tolerance_mm].sum()
    near += found.predicted_area[found.predicted_mm <= tolerance_mm].sum()
    return float(near / (found.truth_area.sum() + found.predicted_area.sum()))


def hd95_mm(truth: Mask, predicted: Mask) -> float:
    """The 95th percentile of the surface distances by area, the larger of both directions, in mm.

    0 for two empty masks, infinite for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    found = surface_distances(truth, predicted)
    if any(found.empty):
        return 0.0 if all(found.empty) else math.inf
    return max(
        _percentile(found.truth_mm, found.truth_area, 0.95),
        _percentile(found.predicted_mm, found.predicted_area, 0.95),
    )


def assd_mm(truth: Mask, predicted: Mask) -> float:
    """The average symmetric surface distance: the mean of both directions by area, in mm.

    0 for two empty masks, infinite for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    found = surface_distances(truth, predicted)
    if any(found.empty):
        return 0.0 if all(found.empty) else math.inf
    there = np.average(found.truth_mm, weights=found.truth_area)
    back = np.average(found.predicted_mm, weights=found.predicted_area)
    return float(there + back) / 2


def _codes(mask: Bool[Array, "i j k"], box: Box) -> UInt8[Array, "a b c"]:
    """For each corner between voxels, which of the eight voxels around it are in the mask."""
    around = np.pad(mask[box.slices], 1).astype(np.uint8)
    i, j, k = (n - 1 for n in around.shape)
    codes = np.zeros((i, j, k), dtype=np.uint8)
    for bit, (a, b, c) in enumerate(np.ndindex(2, 2, 2)):
        codes |= around[a : a + i, b : b + j, c : c + k] << np.uint8(7 - bit)
    return codes


def _areas(spacing: Vector3) -> Float[Array, "256"]:
    """The area of the surface in each of the 256 neighbourhoods, in square millimetres."""
    faces = np.array([spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]])
    size = {
        letter: float(np.linalg.norm(np.array(triangle) / 8 * faces))
        for letter, triangle in _TRIANGLES.items()
    }
    half = [sum(size[letter] for letter in word.strip("-")) for word in _CODES.split()]
    return np.array(half + half[::-1])


def _distance(border: Bool[Array, "i j k"], spacing: Vector3) -> Float[Array, "i j k"]:
    if not border.any():
        return np.full(border.shape, np.inf)
    # scipy's transform is exact in float64; the faster one rounds to float32 and flips ties
    distance: Array = distance_transform_edt(~border, sampling=spacing)
    return distance


def _percentile(distances: Float[Array, " n"], areas: Float[Array, " n"], share: float) -> float:
    order = np.lexsort((areas, distances))
    reached = np.cumsum(areas[order]) / areas.sum()
    place = min(int(np.searchsorted(reached, share)), len(order) - 1)
    return float(distances[order][place])
