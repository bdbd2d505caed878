"""What an image is, for JSON and for people: its grid, its intensities, its volumes."""

import numpy as np

from voxclick.types import Array, Json
from voxclick.volume import Volume, Voxels

MOST_VALUES = 2_000_000
"""Percentiles are taken of about so many voxels, evenly spread."""


def describe_image(volume: Volume) -> Json:
    """Where a volume came from and how its voxels lie."""
    grid, origin = volume.grid, volume.source
    return {
        "path": None if origin is None else str(origin.path),
        "format": None if origin is None else origin.format,
        "series_uid": None if origin is None else origin.series_uid,
        "shape": list(grid.shape),
        "spacing_mm": [round(length, 6) for length in grid.spacing_mm],
        "orientation": grid.orientation,
        "type": str(volume.array.dtype),
        "affine": grid.affine.tolist(),
    }


def describe_intensities(volume: Volume) -> Json:
    """Range and percentiles; of a large volume, of some of its voxels."""
    values = _sample(volume.array)
    names = ("minimum", "percentile_1", "median", "percentile_99", "maximum")
    levels = np.percentile(values, (0, 1, 50, 99, 100))
    return {name: float(f"{level:.6g}") for name, level in zip(names, levels, strict=True)}


def ml(volume_ml: float) -> str:
    """A volume for people, such as `212.4 ml` or `0.0312 ml`."""
    return f"{volume_ml:.1f} ml" if volume_ml >= 10 or volume_ml == 0 else f"{volume_ml:.3g} ml"


def _sample(array: Voxels) -> Array:
    step = max(1, round((array.size / MOST_VALUES) ** (1 / 3)))
    sampled: Array = array[::step, ::step, ::step]
    return sampled
