"""How far an object reaches around its first prompts: the most telling of nested regions.

Regions that grow by geodesic distance differ in little but their size. Which of them is the object
is told by its boundary, by how long growth was held up there, and by what lies behind it.
"""

from dataclasses import dataclass
from typing import Any, no_type_check

import edt
import numba
import numpy as np
from jaxtyping import Bool, Float, Float32
from torch import get_num_threads

from voxclick.models.evidence.race import posterior
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import Seeds
from voxclick.models.evidence.sweep import FAR, edge_costs, geodesic_distance
from voxclick.types import Array

INTENSITY_RATE, LENGTH_RATE, UNLIKE_RATE = 15.0, 0.1, 0.3
"""What a path pays for a change of 1 in intensity, and for a unit of length in the object's and in
other tissue: the latter is dearer by `UNLIKE_RATE`."""

LOST = 2.0
"""What a voxel pays for each unit by which the others' seeds are nearer."""

REGIONS, SMALLEST, LARGEST = 48, 20, 0.7
"""How many regions are compared, and their sizes, from voxels to a share of the view."""

SHELL = 1.7
"""By what factor of volume a region and the one that is compared with it differ."""

USUAL = 1000.0
"""The volume that is expected when nothing else is known, in cubes of the finest step."""

SIZE, EDGE, HOLD, ROUND, ALIKE = -0.076, 1.28, 1.44, 2.71, -2.38
"""What the properties of a region are worth.

Fitted so that the exponentials of the sums are in proportion to how well regions match objects, on
labelled volumes that no reported number comes from (`docs/explanation/geodesic.md`).
"""


@dataclass(frozen=True, eq=False)
class Regions:
    """Nested regions of growing distance, one an entry.

    Attributes:
        limits: The distance up to which voxels belong.
        counts: Their voxels.
        likely: Sum of the posterior over them.
        area: Of the boundary.
        contrast: Sum over the boundary of area times difference in intensity.
        depth: How far the nearest voxel outside is from the prompts.
    """

    limits: Float[Array, " r"]
    counts: Float[Array, " r"]
    likely: Float[Array, " r"]
    area: Float[Array, " r"]
    contrast: Float[Array, " r"]
    depth: Float[Array, " r"]


def reach_score(
    scene: Scene, ratio: Float[Array, "i j k"], seeds: Seeds, sizes: tuple[float, float]
) -> Float32[Array, "i j k"]:
    """From -3 to 3: how far inside the most telling region around the object's prompts.

    Args:
        scene: The view.
        ratio: The log ratio of each voxel's appearance.
        seeds: What the prompts say; some voxels are the object. Where the others' seeds are nearer
            is no part of any region.
        sizes: The least and the most voxels that the region may have.
    """
    likely = posterior(scene, ratio)
    costs = edge_costs((scene.intensity,), (INTENSITY_RATE,), scene.lengths, LENGTH_RATE)
    for axis in range(3):
        costs[axis] += UNLIKE_RATE * (1 - likely) * scene.lengths[axis]
    distance = geodesic_distance(costs, np.where(seeds.own, 0.0, FAR).astype(np.float32))
    if seeds.other.any():
        theirs = geodesic_distance(costs, np.where(seeds.other, 0.0, FAR).astype(np.float32))
        distance += LOST * np.maximum(distance - theirs, 0.0)
    reach = extent(measured(scene, likely, distance, seeds.own), scene, sizes)
    found: Array = 3 * np.tanh(3 * (reach - distance) / max(reach, 0.3))
    return found.astype(np.float32)


def extent(regions: Regions, scene: Scene, sizes: tuple[float, float]) -> float:
    """The distance up to which voxels are most likely the object.

    Of the regions the one whose Dice with the object is expected to be largest, given how likely
    each of them is to be the object.

    Args:
        regions: To choose from.
        scene: The view.
        sizes: The least and the most voxels that it may have, as far as regions go.
    """
    counts = regions.counts
    least, most = min(sizes[0], counts[-1]), max(sizes[1], counts[0])
    allowed = (counts >= least) & (counts <= most)
    worth = np.where(allowed, _worth(regions, scene), -np.inf)
    chance = np.exp(worth - worth.max())
    match = 2 * np.minimum.outer(counts, counts) / np.add.outer(counts, counts)
    return float(regions.limits[int((match @ chance).argmax())])


def measured(
    scene: Scene,
    likely: Float[Array, "i j k"],
    distance: Float[Array, "i j k"],
    own: Bool[Array, "i j k"],
) -> Regions:
    """The regions of a view, from small to large.

    Args:
        scene: The view.
        likely: The posterior of each voxel, by its appearance.
        distance: Geodesic distance from the prompts.
        own: The voxels that the prompts are about.
    """
    flat = distance.ravel()
    least = min(SMALLEST, flat.size)
    sizes = np.unique(np.geomspace(least, max(least, LARGEST * flat.size), REGIONS).astype(int))
    limits = np.partition(flat, sizes - 1)[sizes - 1]
    joins = np.searchsorted(limits, flat).astype(np.int32).reshape(distance.shape)
    away = edt.edt(~own, anisotropy=scene.lengths, parallel=get_num_threads())
    table = np.zeros((5, len(limits) + 1), dtype=np.float64)
    table[4] = np.inf
    i, j, k = scene.lengths
    _measure(joins, scene.intensity, likely, away, (j * k, i * k, i * j), table)
    counts, likelihood, area, contrast = np.cumsum(table[:4], axis=1)[:, :-1]
    depth = np.minimum.accumulate(table[4, ::-1])[::-1][1:]
    return Regions(limits.astype(np.float64), counts, likelihood, area, contrast, depth)


def _worth(regions: Regions, scene: Scene) -> Float[Array, " r"]:
    """How well each region looks like an object; higher is likelier."""
    counts, limits = regions.counts, regions.limits
    inner = np.searchsorted(counts, counts / SHELL)
    outer = np.minimum(np.searchsorted(counts, counts * SHELL), len(counts) - 1)
    contrast = regions.contrast / np.maximum(regions.area, 1e-6)
    edge = np.log(contrast / _usual_contrast(scene.intensity) + 0.05)
    growth = np.log(counts[outer] / counts[inner]) + 1e-3
    hold = np.log((limits[outer] - limits[inner] + 1e-3) / growth / (limits + 0.05) + 1e-3)
    behind = counts[outer] - counts
    alike = (regions.likely[outer] - regions.likely) / np.maximum(behind, 1.0)
    alike = np.where(behind > 0, alike, regions.likely / counts)
    volume = counts * np.prod(scene.lengths)
    size = np.log(volume / USUAL) ** 2
    depth = np.minimum(regions.depth / np.cbrt(0.75 * volume / np.pi), 1.2)
    worth: Array = SIZE * size + EDGE * edge + HOLD * hold + ROUND * depth + ALIKE * alike
    return worth


def _usual_contrast(image: Float[Array, "i j k"]) -> float:
    """The mean difference between neighbours."""
    axes = [axis for axis in range(3) if image.shape[axis] > 1]
    means = [float(np.abs(np.diff(image, axis=axis)).mean()) for axis in axes]
    return float(np.mean(means or [0.0])) + 1e-4


@numba.njit(cache=True, nogil=True)
@no_type_check  # numba reads the plain function; run-time checks of types would hide it
def _measure(joins: Any, image: Any, likely: Any, away: Any, faces: Any, table: Any) -> None:
    """What each region gains over the one before it, in the columns of a table."""
    ni, nj, nk = joins.shape
    for i in range(ni):
        for j in range(nj):
            for k in range(nk):
                here = joins[i, j, k]
                table[0, here] += 1.0
                table[1, here] += likely[i, j, k]
                table[4, here] = min(table[4, here], away[i, j, k])
                for axis in range(3):
                    ai, aj, ak = i + (axis == 0), j + (axis == 1), k + (axis == 2)
                    if ai == ni or aj == nj or ak == nk:
                        continue
                    there = joins[ai, aj, ak]
                    if there == here:
                        continue
                    # the face is on the boundary of the regions from the first to the last
                    first, last = min(here, there), max(here, there)
                    change = faces[axis] * abs(image[ai, aj, ak] - image[i, j, k])
                    table[2, first] += faces[axis]
                    table[2, last] -= faces[axis]
                    table[3, first] += change
                    table[3, last] -= change
