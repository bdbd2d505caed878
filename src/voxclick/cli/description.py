"""What an image is, in words for JSON: its grid, its intensities, the series of a DICOM folder."""

from pathlib import Path

import numpy as np

from voxclick.io.formats.dicom_series import find_series
from voxclick.types import Array, Json
from voxclick.volume import Volume

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


def list_series(path: Path) -> list[Json]:
    """The image series in a DICOM folder or archive.

    Raises:
        FileFormatError: If there is none.
    """
    return [
        {
            "uid": one.uid,
            "modality": str(one.headers[0].get("Modality", "")),
            "description": str(one.headers[0].get("SeriesDescription", "")),
            "slices": sum(int(header.get("NumberOfFrames") or 1) for header in one.headers),
            "columns": int(one.headers[0].Columns),
            "rows": int(one.headers[0].Rows),
        }
        for one in find_series(path)
    ]


def _sample(array: Array) -> Array:
    step = max(1, round((array.size / MOST_VALUES) ** (1 / 3)))
    return array[::step, ::step, ::step]
