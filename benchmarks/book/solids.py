"""Labelled volumes made by rule, for a book without data: solids whose truth is exact.

Each case holds two objects of about one size, a warped ball and a bent tube, and beside each a
solid that looks like it and is not it. There is a case for each size and each kind of grid.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter, zoom

from voxclick.types import Array, Vector3

RADII_MM = (4.0, 9.0, 18.0, 30.0)
"""Of the balls; 0.3, 3, 24 and 113 ml."""
SPACINGS_MM: tuple[Vector3, ...] = ((1.0, 1.0, 1.0), (0.8, 0.8, 2.4), (0.7, 0.7, 5.0))
FIELD = 7.0
"""Width of a volume in radii."""
NAMES = {1: "ball", 2: "tube"}
CONTRAST, NOISE = 60.0, 25.0


@dataclass(frozen=True, eq=False)
class Solids:
    """One case.

    Attributes:
        name: Of the case.
        image: Intensities.
        labels: 0, 1 for the ball, 2 for the tube.
        spacing_mm: Along the axes.
    """

    name: str
    image: Array
    labels: Array
    spacing_mm: Vector3


def solids(seed: int = 0) -> Iterator[Solids]:
    """Every case, always the same for a seed."""
    for place, (radius, spacing) in enumerate(product(RADII_MM, SPACINGS_MM)):
        generator = np.random.default_rng((seed, place))
        yield _case(f"r{radius:02.0f}_{spacing[2]:.1f}mm", radius, spacing, generator)


def write_cases(folder: Path) -> None:
    """Write every case as `<case>/image.nii.gz` and `label.nii.gz` with `labels.json`."""
    for case in solids():
        home = folder / case.name
        home.mkdir(parents=True, exist_ok=True)
        affine = np.diag([*case.spacing_mm, 1.0])
        nib.save(nib.Nifti1Image(case.image, affine), home / "image.nii.gz")
        nib.save(nib.Nifti1Image(case.labels, affine), home / "label.nii.gz")
        (home / "labels.json").write_text(json.dumps(NAMES))


def _case(name: str, radius: float, spacing: Vector3, generator: np.random.Generator) -> Solids:
    shape = [max(8, round(FIELD * radius / step)) for step in spacing]
    axes = [(np.arange(n) - (n - 1) / 2) * step for n, step in zip(shape, spacing, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    warp = [0.25 * radius * _smooth(shape, spacing, radius, generator) for _ in range(3)]
    x, y, z = x + warp[0], y + warp[1], z + warp[2]
    ball = _ball(x + 1.7 * radius, y + 1.2 * radius, z, radius)
    twin = _ball(x + 1.7 * radius, y - 1.2 * radius, z, 0.9 * radius)
    tube = _tube(x - 1.2 * radius, y, z, radius)
    other = _tube(x - 2.6 * radius, y, z, radius)
    labels = np.where(ball, 1, np.where(tube, 2, 0)).astype(np.uint8)
    inside = (ball | twin | tube | other).astype(np.float32)
    blurred = gaussian_filter(inside, [0.6 / step for step in spacing])
    image = CONTRAST * blurred + 0.4 * CONTRAST * _smooth(shape, spacing, 3 * radius, generator)
    image += NOISE * generator.standard_normal(shape)
    return Solids(name, image.round().astype(np.int16), labels, spacing)


def _ball(
    x: Float[Array, "i j k"], y: Float[Array, "i j k"], z: Float[Array, "i j k"], radius: float
) -> Bool[Array, "i j k"]:
    inside: Array = x**2 + y**2 + z**2 <= radius**2
    return inside


def _tube(
    x: Float[Array, "i j k"], y: Float[Array, "i j k"], z: Float[Array, "i j k"], radius: float
) -> Bool[Array, "i j k"]:
    """A tube along the second axis that swings along the first and third."""
    away = (x - 0.4 * radius * np.sin(y / radius)) ** 2 + (
        z - 0.5 * radius * np.cos(y / radius)
    ) ** 2
    inside: Array = (away <= (0.45 * radius) ** 2) & (np.abs(y) <= 2.6 * radius)
    return inside


def _smooth(
    shape: list[int], spacing: Vector3, scale_mm: float, generator: np.random.Generator
) -> Float[Array, "i j k"]:
    """Noise of mean square about one that changes over a length."""
    coarse = [
        max(4, round(n * step / scale_mm) + 3) for n, step in zip(shape, spacing, strict=True)
    ]
    drawn = generator.standard_normal(coarse)
    grown: Array = zoom(drawn, [n / c for n, c in zip(shape, coarse, strict=True)], order=3)
    return grown
