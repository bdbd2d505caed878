"""Prompts as prompts of single slices, for families that find objects slice by slice."""

import edt
import numpy as np
from jaxtyping import Int

from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Prompt
from voxclick.types import Array

CLICKS = 4
"""A stroke becomes at most so many clicks on a slice, spread along it."""

SLICES = 5
"""A stroke across slices prompts at most so many of them, spread over its depth."""


def tracked_axis(prompt: Prompt, grid: Grid) -> int:
    """The axis whose slices an object is found on, from its first prompt.

    A prompt on a slice says it. Else it is the axis of the thickest slices, across which the image
    was acquired; the last of several, as axial slices of an isotropic volume usually are. A volume
    of one slice is that slice.
    """
    if min(grid.shape) == 1:
        return int(np.flatnonzero(np.array(grid.shape) == 1)[-1])
    if isinstance(prompt, Lasso):
        return prompt.axis
    if isinstance(prompt, MaskPrompt) and prompt.axis is not None:
        return prompt.axis
    if isinstance(prompt, BoxPrompt) and prompt.flat_axis is not None:
        return prompt.flat_axis
    spacing = np.round(grid.spacing_mm, 3)
    return int(np.flatnonzero(spacing == spacing.max())[-1])


def by_slice(prompt: Prompt, axis: int, every: bool = False) -> dict[int, list[Prompt]]:
    """What a prompt says of single slices, by their number along the axis.

    - A point is itself.
    - A stroke becomes a few clicks along it, on each of a few slices.
    - A positive box is its rectangle on its middle slice, or a click in its middle where that is
      a line; a negative one says nothing to a slice (the mask is cleared inside it all the same).
    - A lasso on a slice of the axis is the rectangle around it and a click deep inside; a
      negative one, or one across the slices, is that click alone.
    - A mask on slices of the axis is itself; one across them is a stroke.

    Args:
        prompt: On the volume's grid.
        axis: Of the slices.
        every: Whether a stroke prompts every slice that it crosses, and a positive box each of
            those that it holds, as where no slice learns from another.
    """
    if isinstance(prompt, Point):
        return {int(prompt.voxels()[0][axis]): [prompt]}
    if isinstance(prompt, BoxPrompt):
        return {} if not prompt.positive else _box(prompt, axis, every)
    if isinstance(prompt, Lasso):
        return _lasso(prompt, axis)
    if isinstance(prompt, MaskPrompt) and prompt.axis == axis:
        return {number: [prompt] for number in prompt.slices}
    strokes = prompt.scribbles() if isinstance(prompt, MaskPrompt) else (prompt,)
    said: dict[int, list[Prompt]] = {}
    for stroke in strokes:
        for number, clicks in _stroke(stroke, axis, every).items():
            said.setdefault(number, []).extend(clicks)
    return said


def depth(prompt: Prompt, axis: int) -> tuple[int, int] | None:
    """Between which slices a prompt says that the object lies; None where it does not."""
    if not isinstance(prompt, BoxPrompt) or not prompt.positive or prompt.flat_axis == axis:
        return None
    return prompt.region.start[axis], prompt.region.stop[axis]


def _box(prompt: BoxPrompt, axis: int, every: bool) -> dict[int, list[Prompt]]:
    region = prompt.region
    middle = (region.start[axis] + region.stop[axis] - 1) // 2
    numbers = range(region.start[axis], region.stop[axis]) if every else range(middle, middle + 1)
    return {number: [_rectangle(prompt, axis, number)] for number in numbers}


def _rectangle(prompt: BoxPrompt, axis: int, number: int) -> Prompt:
    start, stop = np.array(prompt.start), np.array(prompt.stop)
    start[axis], stop[axis] = number, number + 1
    if min(size for other, size in enumerate(prompt.region.shape) if other != axis) == 1:
        return Point(_vector(np.floor((start + stop - 1) / 2)))
    return BoxPrompt(_vector(start), _vector(stop))


def _lasso(prompt: Lasso, axis: int) -> dict[int, list[Prompt]]:
    voxels = prompt.voxels()
    inside = deepest(voxels)
    click = Point(_vector(inside.astype(np.float64)), positive=prompt.positive)
    number = int(inside[axis])
    if prompt.axis != axis or not prompt.positive:
        return {number: [click]}
    around = Box.around(voxels)
    start, stop = np.array(around.start, dtype=float), np.array(around.stop, dtype=float)
    return {number: [BoxPrompt(_vector(start), _vector(stop)), click]}


def _stroke(stroke: Prompt, axis: int, every: bool) -> dict[int, list[Prompt]]:
    voxels = stroke.voxels()
    numbers = np.unique(voxels[:, axis])
    said: dict[int, list[Prompt]] = {}
    for number in numbers[_spread(len(numbers), len(numbers) if every else SLICES)]:
        here = voxels[voxels[:, axis] == number]
        chosen = here[_spread(len(here), CLICKS)].astype(np.float64)
        said[int(number)] = [Point(_vector(row), positive=stroke.positive) for row in chosen]
    return said


def _spread(count: int, most: int) -> Int[Array, " n"]:
    """At most so many places, evenly spread, none of them at an end unless it must be."""
    wanted = min(count, most)
    places: Array = ((np.arange(wanted) + 0.5) * count / wanted).astype(np.int64)
    return places


def deepest(voxels: Int[Array, "n 3"]) -> Int[Array, "3"]:
    """The voxel of a set that is farthest from what lies outside of it, in voxels."""
    box = Box.around(voxels)
    mask = np.zeros(np.array(box.shape) + 2, dtype=np.bool_)
    i, j, k = (voxels - np.array(box.start) + 1).T
    mask[i, j, k] = True
    flat = tuple(slice(1, -1) if size == 3 else slice(None) for size in mask.shape)
    away = np.zeros(mask.shape)
    away[flat] = edt.edt(np.ascontiguousarray(mask[flat]))
    place = np.array(np.unravel_index(int(away.argmax()), away.shape))
    found: Array = place - 1 + np.array(box.start)
    return found


def _vector(row: Array) -> tuple[float, float, float]:
    return (float(row[0]), float(row[1]), float(row[2]))
