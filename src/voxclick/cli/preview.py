"""The picture of `--preview`: three planes through what was segmented."""

from collections.abc import Sequence

import numpy as np

from voxclick.cli.description import ml
from voxclick.evaluate.planes import Aim, Outline, draw_planes, png
from voxclick.geometry import Box, Grid
from voxclick.prompts import Prompt
from voxclick.types import Array, Index3
from voxclick.volume import LabelMap, Mask, Volume, Voxels

COLOURS = ("#ffb000", "#4cc9f0", "#f78fb3", "#b388ff", "#e6ee9c", "#ff8a65")
LEAST_MM = 120.0
"""At least this much of the anatomy is shown around an object."""
AROUND = 1.0
"""And on each side at least this many times the object's own extent."""
AIR_HU = -800.0
CT_WINDOWS = (
    (-350.0, (-1350.0, 150.0)),
    (220.0, (-160.0, 240.0)),
    (np.inf, (-450.0, 1050.0)),
)
"""For objects whose median is below so many HU: lung, soft tissue and bone windows."""
HELD = 1 << 27
"""Voxels of an object that are looked at, for where its middle is."""
IN_TITLE, LETTERS = 3, 24
"""So many objects are named in the title, of more the largest, and so much of their names."""


def draw_preview(volume: Volume, labels: LabelMap, prompts: Sequence[Prompt]) -> bytes:
    """A PNG of three planes through the largest object, or the first prompt if all are empty.

    Args:
        volume: The image.
        labels: What was segmented in it.
        prompts: In voxel indices, oldest first.
    """
    masks = {label: labels.mask(label) for label in labels.names}
    largest = sorted(masks, key=lambda label: -masks[label].voxels)[: len(COLOURS)]
    outlines = [
        Outline(masks[label], colour, labels.name(label)[:LETTERS])
        for label, colour in zip(largest, COLOURS, strict=False)
    ]
    aim = _aim(volume, outlines[0].mask if outlines else None, prompts)
    told = ", ".join(f"{one.label} {ml(one.mask.volume_ml)}" for one in outlines[:IN_TITLE])
    more = len(masks) - len(outlines[:IN_TITLE])
    title = f"{told}{f' and {more} more' if more else ''}   at voxel {aim.at}"
    return png(draw_planes(volume, outlines, prompts, title, aim))


def _aim(volume: Volume, mask: Mask | None, prompts: Sequence[Prompt]) -> Aim:
    box = Box.EMPTY if mask is None else mask.box
    if mask is None or box.empty:
        return _aim_at_prompt(volume, prompts)
    some = _every(box, HELD)
    inside = mask.kept[some]
    voxels = np.argwhere(inside) * some[0].step
    scaled = voxels * np.array(volume.grid.spacing_mm)
    nearest = int(np.argmin(((scaled - scaled.mean(axis=0)) ** 2).sum(axis=1)))
    at = _index(voxels[nearest] + box.start)
    values = volume.array[some][inside]
    return Aim(at, _frame(volume.grid, box), _window(volume, box, float(np.median(values))))


def _aim_at_prompt(volume: Volume, prompts: Sequence[Prompt]) -> Aim:
    box = Box.around(prompts[0].voxels()) if prompts else Box.EMPTY
    if box.empty:
        box = volume.grid.box
    at = _index([(a + b) // 2 for a, b in zip(box.start, box.stop, strict=True)])
    return Aim(at, _frame(volume.grid, box), _window(volume, box, float(volume.array[at])))


def _frame(grid: Grid, box: Box) -> Box:
    """What to show: the object with its surroundings, never beyond the volume."""
    spacing = np.array(grid.spacing_mm)
    extent_mm = np.array(box.shape) * spacing
    margin_mm = np.maximum(AROUND * extent_mm.max(), (LEAST_MM - extent_mm) / 2)
    i, j, k = np.ceil(margin_mm / spacing).astype(int)
    return box.padded((int(i), int(j), int(k))).intersection(grid.box)


def _window(volume: Volume, box: Box, level: float) -> tuple[float, float]:
    """Intensities for black and white: a window of the clinic for CT, else by percentiles."""
    frame = _frame(volume.grid, box)
    values = _sample(volume.array, frame)
    if len(values) and float(values.min()) <= AIR_HU:
        return next(window for below, window in CT_WINDOWS if level < below)
    low, high = np.percentile(values, (1, 99)) if len(values) else (0.0, 1.0)
    return (float(low), float(high) if high > low else float(low) + 1.0)


def _sample(array: Voxels, box: Box, most: int = 500_000) -> Array:
    """Some of the finite values in a box, as float, enough for percentiles."""
    step = max(1, round((box.voxels / most) ** (1 / 3)))
    i, j, k = (slice(part.start, part.stop, step) for part in box.slices)
    some = array[i, j, k].astype(np.float32).ravel()
    finite: Array = some[np.isfinite(some)]
    return finite


def _every(box: Box, most: int) -> tuple[slice, slice, slice]:
    """Every voxel of a box, or of a huge one evenly as many as that."""
    step = max(1, int(np.ceil((box.voxels / most) ** (1 / 3))))
    i, j, k = (slice(part.start, part.stop, step) for part in box.slices)
    return (i, j, k)


def _index(values: Sequence[int] | Array) -> Index3:
    i, j, k = values
    return (int(i), int(j), int(k))
