"""Writing OME-Zarr 0.5: images with coarser levels, label images with names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Float, Real

from voxclick.geometry import Box, Grid
from voxclick.io.content import label_bytes, widened
from voxclick.io.formats.ngff import OWN, TOWARDS
from voxclick.types import Array, Index3, Json
from voxclick.volume import Blocks, LabelMap, Volume, Voxels

CHUNK = 128
"""Voxels along each axis of a chunk."""

COARSEST = 256
"""An image gets coarser levels until none of its axes has more voxels."""


def write_volume(volume: Volume, path: Path) -> None:
    """Write an image in the type it has, and each level below as means of 2 x 2 x 2 voxels."""
    array = widened(volume.array)
    group = zarr.create_group(path, zarr_format=3)
    finest = _create(group, "0", _shape(array), array.dtype)
    for box in _rows(finest):
        _put(finest, box, np.asarray(array[box.slices]))
    levels = [finest]
    while max(levels[-1].shape) > COARSEST:
        levels.append(_halved(group, str(len(levels)), levels[-1]))
    group.attrs.update(_attributes(volume.grid, len(levels), {}))


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write label numbers as the smallest unsigned type that holds them, and their names."""
    kept = label_bytes(labels.kept)
    group = zarr.create_group(path, zarr_format=3)
    array = _create(group, "0", _shape(kept), kept.dtype)
    for box in _rows(array):
        empty = isinstance(kept, Blocks) and kept.occupied(box).empty
        if not empty or box.start == (0, 0, 0):
            _put(array, box, np.asarray(kept[box.slices]))
    properties = [{"label-value": label, "name": labels.name(label)} for label in labels.labels]
    told = {"image-label": {"properties": properties}} if properties else {"image-label": {}}
    group.attrs.update(_attributes(labels.grid, 1, told))


def _create(group: Any, name: str, shape: Index3, kind: np.dtype[Any]) -> Any:
    """An array with the axes z, y, x."""
    return group.create_array(
        name,
        shape=shape[::-1],
        chunks=tuple(min(CHUNK, size) for size in shape[::-1]),
        dtype=kind,
        fill_value=0,
        dimension_names=("z", "y", "x"),
    )


def _put(array: Any, box: Box, values: Real[Array, "i j k"]) -> None:
    """Write a box. Chunks of zeros take no file, but the first: without any it were no image."""
    first = array.with_config({"write_empty_chunks": box.start == (0, 0, 0)})
    first[_turned(box)] = values.T


def _halved(group: Any, name: str, finer: Any) -> Any:
    """The next coarser level; an odd last voxel counts twice."""
    z, y, x = finer.shape
    coarser = _create(group, name, (-(-x // 2), -(-y // 2), -(-z // 2)), finer.dtype)
    for box in _rows(coarser):
        (i, j, k), (u, v, w) = box.start, box.stop
        twice = Box((2 * i, 2 * j, 2 * k), (2 * u, 2 * v, 2 * w))
        values = finer[_turned(twice.intersection(Box.whole((x, y, z))))]
        _put(coarser, box, _means(values).astype(finer.dtype).T)
    return coarser


def _means(values: Real[Array, "z y x"]) -> Real[Array, "u v w"]:
    padded = np.pad(values, [(0, size % 2) for size in values.shape], mode="edge")
    z, y, x = (size // 2 for size in padded.shape)
    means: Array = padded.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5), dtype=np.float64)
    return means if values.dtype.kind == "f" else np.rint(means)


def _rows(array: Any) -> Iterator[Box]:
    """Rows of chunks along x, as boxes: most files have x fastest."""
    z, y, x = array.shape
    whole = Box.whole((x, y, z))
    for k in range(0, z, CHUNK):
        for j in range(0, y, CHUNK):
            yield Box((0, j, k), (x, j + CHUNK, k + CHUNK)).intersection(whole)


def _turned(box: Box) -> tuple[slice, slice, slice]:
    i, j, k = box.slices
    return (k, j, i)


def _shape(array: Voxels) -> Index3:
    return (array.shape[0], array.shape[1], array.shape[2])


def _attributes(grid: Grid, levels: int, more: Json) -> Json:
    """The metadata, and the affine itself: scales cannot say how an oblique image lies."""
    towards = _towards(grid)
    origin_mm = np.array([np.dot(TOWARDS[one], grid.affine[:3, 3]) for one in towards])
    spacing_mm = np.array(grid.spacing_mm)
    axes = [
        {
            "name": name,
            "type": "space",
            "unit": "millimeter",
            "orientation": {"type": "anatomical", "value": one},
        }
        for name, one in zip("xyz", towards, strict=True)
    ]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": _listed(spacing_mm * 2**level)},
                {
                    "type": "translation",
                    "translation": _listed(origin_mm + spacing_mm * (2**level - 1) / 2),
                },
            ],
        }
        for level in range(levels)
    ]
    scales = {"axes": axes[::-1], "datasets": datasets, "name": "voxclick"}
    ome = {"version": "0.5", "multiscales": [scales], **more}
    return {"ome": ome, OWN: {"affine": grid.affine.tolist()}}


def _towards(grid: Grid) -> list[str]:
    """The anatomical direction of each axis."""
    letters = dict(zip("RLAPSI", TOWARDS, strict=True))
    return [letters[letter] for letter in grid.orientation]


def _listed(values: Float[Array, " n"]) -> list[float]:
    """In the order z, y, x."""
    return [float(value) for value in values[::-1]]
