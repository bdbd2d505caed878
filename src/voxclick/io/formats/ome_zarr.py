"""OME-Zarr images and label images: folders of chunks, at one resolution or several."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Real

from voxclick.errors import FileFormatError, InputError
from voxclick.geometry import Box
from voxclick.io import memory
from voxclick.io.content import intensities, label_numbers, native, place
from voxclick.io.formats.ngff import Image, Level, image_of
from voxclick.io.formats.ome_zarr_writer import write_labelmap, write_volume
from voxclick.io.formats.stored import Stored
from voxclick.types import Array
from voxclick.volume import Blocks, LabelMap, Volume, blocks

__all__ = [
    "StoredZarr",
    "is_zarr",
    "read_labelmap",
    "read_volume",
    "write_labelmap",
    "write_volume",
]

MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
"""Files of which a Zarr folder has one."""

UNREADABLE = (OSError, ValueError, RuntimeError, TypeError, LookupError, EOFError, zlib.error)


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr group or array."""
    return any((folder / mark).is_file() for mark in MARKS)


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image in an OME-Zarr folder; a large one stays there, with its coarser levels.

    Args:
        path: The folder of an image, or one that holds a single image.
        series: Of several channels or times, which: `c=1`, `t=0,c=1`, or a channel's name.

    Raises:
        FileFormatError: If it is no such image, not 3D, or something of it is missing.
        OptionError: If a channel must be chosen and is not, or is not there.
        GridError: If its metadata do not place its voxels in space.
    """
    with _explained(path):
        group, folder = _group(path)
        image = image_of(group.attrs.asdict(), path)
        levels = [_level(group, level, image, series, folder) for level in image.levels]
        grids = [
            place(folder, one.shape, level.affine)
            for one, level in zip(levels, image.levels, strict=True)
        ]
        if levels[0].nbytes > memory.LOADED:
            finest, *coarser = [Volume(one, grid) for one, grid in zip(levels, grids, strict=True)]
            return replace(finest, coarser=tuple(coarser))
        return Volume(intensities(levels[0].read(grids[0].box), path), grids[0])


def read_labelmap(path: Path) -> LabelMap:
    """The label image in an OME-Zarr folder, with the names that its properties give.

    Raises:
        FileFormatError: If it is no such image, or its values are no labels.
        GridError: If its metadata do not place its voxels in space.
    """
    with _explained(path):
        group, folder = _group(path)
        image = image_of(group.attrs.asdict(), path)
        stored = _level(group, image.levels[0], image, None, folder)
        grid = place(folder, stored.shape, image.levels[0].affine)
        if stored.size <= blocks.DENSE:
            return LabelMap(label_numbers(stored.read(grid.box), path), grid, image.names)
        found = Blocks(stored.shape, np.uint64)
        for box in stored.parts(grid.box):
            found[box.slices] = label_numbers(stored.read(box), path)
        return LabelMap(found.typed(np.min_scalar_type(found.max())), grid, image.names)


class StoredZarr(Stored):
    """One level of an image, read box by box.

    Args:
        array: As Zarr has it.
        space: The array axes that x, y and z are.
        chosen: Index along every other axis.
        path: Where it lies.
    """

    def __init__(
        self, array: Any, space: tuple[int, int, int], chosen: dict[int, int], path: Path
    ) -> None:
        x, y, z = space
        self.path = path
        self.shape = (array.shape[x], array.shape[y], array.shape[z])
        self.unit = (array.chunks[x], array.chunks[y], array.chunks[z])
        self.dtype = native(np.empty(0, dtype=array.dtype)).dtype
        self._array, self._space, self._chosen = array, space, chosen

    def read(self, box: Box) -> Real[Array, "i j k"]:  # noqa: D102  (as in Stored)
        keys: list[Any] = [self._chosen.get(axis) for axis in range(self._array.ndim)]
        for axis, part in zip(self._space, box.slices, strict=True):
            keys[axis] = part
        with _explained(self.path):
            values = np.asarray(self._array[tuple(keys)])
        left = sorted(self._space)
        return native(values.transpose([left.index(axis) for axis in self._space]))


def _group(path: Path) -> tuple[Any, Path]:
    """The group that holds the metadata of an image: this folder, or the only one in it."""
    if not path.is_dir():
        raise FileFormatError(
            f"an OME-Zarr image is a folder, {path} is a file; unpack it, or give the folder"
        )
    if not is_zarr(path):
        raise FileFormatError(
            f"an OME-Zarr folder holds one of {', '.join(MARKS)}, got {path} without any; copy it "
            "whole, with the files whose names begin with a dot"
        )
    opened = zarr.open(path, mode="r", use_consolidated=False)
    if not isinstance(opened, zarr.Group):
        raise FileFormatError(
            f"an OME-Zarr image is needed, {path} is a bare array that no metadata place in space; "
            "give the folder above it"
        )
    if _has_image(opened):
        return opened, path
    inside = sorted(name for name, group in opened.groups() if _has_image(group))
    if len(inside) == 1:
        return opened[inside[0]], path / inside[0]
    told = f"holds several: open one of {', '.join(str(path / name) for name in inside[:8])}"
    raise FileFormatError(
        f"an OME-Zarr image is needed, {path} "
        f"{told if inside else 'has no multiscales metadata; convert the image to OME-Zarr'}"
    )


def _has_image(group: Any) -> bool:
    attributes = group.attrs.asdict()
    return "multiscales" in attributes.get("ome", attributes)


def _level(group: Any, level: Level, image: Image, series: str | None, folder: Path) -> StoredZarr:
    where = folder / level.path
    array = group.get(level.path)
    if not isinstance(array, zarr.Array):
        raise FileFormatError(
            f"{folder} names an array {level.path}, it is not there; copy it whole"
        )
    kind = np.dtype(array.dtype)
    if kind.kind not in "biuf":
        raise FileFormatError(
            f"one real number a voxel is needed, {where} holds {kind}; convert it to one channel"
        )
    if array.ndim != 3 + len(image.others) or min(array.shape) < 1:
        raise FileFormatError(
            f"{folder} describes {3 + len(image.others)} axes, its array {level.path} has the "
            f"shape {array.shape}; convert the image again"
        )
    if not _has_chunks(where):
        raise FileFormatError(f"{where} holds no voxels, only what describes them; copy it whole")
    return StoredZarr(array, image.space, image.choose(array.shape, series, folder), where)


def _has_chunks(folder: Path) -> bool:
    return any(one.name not in (*MARKS, ".zmetadata") for one in folder.rglob("*") if one.is_file())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say in one line which image cannot be read."""
    try:
        yield
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise FileFormatError(
            f"an OME-Zarr image is needed, cannot read {path}: {reason}; copy or convert it again"
        ) from None
