"""The picture of one object: truth, prediction and prompts on the planes with most of the error."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from voxclick.evaluate.planes import Aim, Outline, draw_planes, png
from voxclick.geometry import Box, Grid
from voxclick.prompts import Point, Prompt
from voxclick.types import Array, Index3
from voxclick.volume import Mask, Volume

TRUTH, PREDICTED = "#4cc9f0", "#ffb000"
LEAST_MM = 40.0
"""At least this much of the anatomy is shown."""
MARGIN_MM = 4.0
"""The grey scale is that of the object and so much around it."""


def draw_object(
    volume: Volume, truth: Mask, predicted: Mask, prompts: Sequence[Prompt], title: str
) -> bytes:
    """A PNG of the three planes that hold most of what is wrong, each cut to the object.

    Args:
        volume: The image.
        truth: The ground truth; may be empty.
        predicted: What was segmented; may be empty.
        prompts: In voxel indices.
        title: The line above.
    """
    wrong = truth.array ^ predicted.array
    either = truth.array | predicted.array
    box = Box.of_mask(either)
    frame = _frame(volume.grid, box, prompts)
    margins = np.ceil(MARGIN_MM / np.array(volume.grid.spacing_mm)).astype(int)
    i, j, k = margins
    near = box.padded((int(i), int(j), int(k))).intersection(frame)
    aim = Aim(
        _most(wrong if wrong.any() else either, frame),
        frame,
        _window(volume.array[(frame if near.empty else near).slices]),
    )
    outlines = [Outline(truth, TRUTH, "truth"), Outline(predicted, PREDICTED, "predicted")]
    return png(draw_planes(volume, outlines, prompts, title, aim))


def _frame(grid: Grid, box: Box, prompts: Sequence[Prompt]) -> Box:
    """What to show: the object and the clicks, with a margin, not smaller than is readable."""
    for prompt in prompts:
        if isinstance(prompt, Point):
            box = box.union(Box.around(prompt.voxels()))
    spacing = np.array(grid.spacing_mm)
    extent = np.array(box.shape) * spacing
    margin = np.maximum(0.25 * extent, (LEAST_MM - extent) / 2) / spacing
    i, j, k = np.ceil(np.maximum(margin, 2)).astype(int)
    return box.padded((int(i), int(j), int(k))).intersection(grid.box)


def _most(mask: Bool[Array, "i j k"], box: Box) -> Index3:
    """Along each axis, the index at which the mask has most voxels; the middle for none."""
    inside = mask[box.slices]
    if not inside.any():
        i, j, k = ((a + b) // 2 for a, b in zip(box.start, box.stop, strict=True))
        return (i, j, k)
    counts = [inside.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in range(3)]
    i, j, k = (int(count.argmax()) + start for count, start in zip(counts, box.start, strict=True))
    return (i, j, k)


def _window(values: Array) -> tuple[float, float]:
    """Darkest and brightest intensity to show."""
    low, high = np.percentile(values.astype(np.float32), (0.5, 99.5))
    return (float(low), float(high) if high > low else float(low) + 1.0)
