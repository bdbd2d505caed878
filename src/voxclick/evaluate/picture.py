"""Three planes through an object, with the outlines of truth and prediction and the prompts."""

import io as streams
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt, Point, Prompt
from voxclick.types import Array, Index3
from voxclick.volume import Mask, Volume

PLANES = (("axial", "S", "R", "A"), ("coronal", "A", "R", "S"), ("sagittal", "R", "A", "S"))
"""Name of a plane, the direction it is cut across, and what is on its left and at its top."""
OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}
TRUTH, PREDICTED = "#39d353", "#ff8c1a"
POSITIVE, NEGATIVE = "#4cc9f0", "#ff4d6d"
NEAR_VOXELS = 1.5
LEAST_MM = 40.0


@dataclass(frozen=True)
class _Plane:
    """How a plane lies in the array: what it is cut across, what is shown, and which way."""

    name: str
    across: int
    horizontal: int
    vertical: int
    flip_horizontal: bool
    flip_vertical: bool


def draw_object(volume: Volume, truth: Mask, predicted: Mask, prompts: Sequence[Prompt]) -> bytes:
    """A PNG of the three planes with most of the error, each cut to the object.

    Patient's right is on the left of axial and coronal planes, anterior on the left of the
    sagittal one, as radiologists see them. Prompts on the plane are bold, others faint.

    Args:
        volume: The image.
        truth: The ground truth; may be empty.
        predicted: What was segmented; may be empty.
        prompts: In voxel indices.
    """
    grid = volume.grid
    wrong = truth.array ^ predicted.array
    either = truth.array | predicted.array
    box = _frame(grid, Box.of_mask(either), prompts)
    cut = _most(wrong if wrong.any() else either, box)
    figure = Figure(figsize=(9.6, 3.6), dpi=100, facecolor="black")
    near = Box.of_mask(either).padded(4).intersection(box)
    low, high = _window(volume.array[(box if near.empty else near).slices])
    for place, plane in enumerate(_planes(grid)):
        axes = figure.add_axes((0.005 + place / 3, 0.1, 1 / 3 - 0.01, 0.82))
        index = cut[plane.across]
        image = _slice(volume.array, plane, index, box).astype(np.float32)
        axes.imshow(
            image, cmap="gray", vmin=low, vmax=high, aspect=_aspect(grid, plane), origin="lower"
        )
        for mask, colour in ((truth, TRUTH), (predicted, PREDICTED)):
            _outline(axes, _slice(mask.array, plane, index, box), colour)
        for prompt in prompts:
            _mark(axes, prompt, plane, index, box)
        axes.set_title(f"{plane.name}, {'ijk'[plane.across]} = {index}", color="white", fontsize=9)
        axes.set_axis_off()
        if plane.flip_horizontal:
            axes.invert_xaxis()
        if plane.flip_vertical:
            axes.invert_yaxis()
    _explain(figure)
    stream = streams.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _planes(grid: Grid) -> list[_Plane]:
    """The planes on this grid, by the closest anatomical direction of its axes."""
    towards = grid.orientation
    planes = []
    for name, across, left, top in PLANES:
        axis = {letter: place for place, letter in enumerate(towards)}
        axis |= {OPPOSITE[letter]: place for place, letter in enumerate(towards)}
        planes.append(
            _Plane(
                name,
                axis[across],
                axis[left],
                axis[top],
                flip_horizontal=towards[axis[left]] == left,
                flip_vertical=towards[axis[top]] != top,
            )
        )
    return planes


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
    low, high = np.nanpercentile(values.astype(np.float32), (0.5, 99.5))
    return (float(low), float(high) if high > low else float(low) + 1.0)


def _slice(array: Array, plane: _Plane, index: int, box: Box) -> Array:
    """A plane of an array inside the box, as `[vertical, horizontal]`."""
    slices: list[slice | int] = list(box.slices)
    slices[plane.across] = index
    cut: Array = array[tuple(slices)]
    return cut if plane.vertical < plane.horizontal else cut.T


def _aspect(grid: Grid, plane: _Plane) -> float:
    return grid.spacing_mm[plane.vertical] / grid.spacing_mm[plane.horizontal]


def _outline(axes: Axes, mask: Bool[Array, "v h"], colour: str, width: float = 1.2) -> None:
    """The border of a mask, along the edges of its voxels."""
    padded = np.pad(mask, 1)
    segments = []
    for v, h in np.argwhere(padded[1:, :] != padded[:-1, :]) - (0.5, 1):
        segments.append([(h - 0.5, v), (h + 0.5, v)])
    for v, h in np.argwhere(padded[:, 1:] != padded[:, :-1]) - (1, 0.5):
        segments.append([(h, v - 0.5), (h, v + 0.5)])
    axes.add_collection(LineCollection(segments, colors=colour, linewidths=width))


def _mark(axes: Axes, prompt: Prompt, plane: _Plane, index: int, box: Box) -> None:
    """A prompt: a point as a plus or a cross, anything else as the outline of its voxels."""
    colour = POSITIVE if prompt.positive else NEGATIVE
    if isinstance(prompt, Point):
        at = np.array(prompt.at) - np.array(box.start)
        near = abs(prompt.at[plane.across] - index) <= NEAR_VOXELS
        axes.plot(
            at[plane.horizontal],
            at[plane.vertical],
            marker="P" if prompt.positive else "X",
            markersize=9 if near else 6,
            markerfacecolor=colour,
            markeredgecolor="black",
            alpha=1.0 if near else 0.4,
        )
        return
    marked = np.zeros(box.shape, dtype=np.bool_)
    if isinstance(prompt, BoxPrompt):
        inside = prompt.region.intersection(box)
        if not inside.empty:
            i, j, k = box.start
            marked[inside.shifted((-i, -j, -k)).slices] = True
    else:
        voxels = prompt.voxels() - np.array(box.start)
        i, j, k = voxels[((voxels >= 0) & (voxels < box.shape)).all(axis=1)].T
        marked[i, j, k] = True
    local = Box.whole(box.shape)
    flat = _slice(marked, plane, index - box.start[plane.across], local)
    _outline(axes, flat, colour, width=0.8)


def _explain(figure: Figure) -> None:
    """The legend under the planes."""
    lines = [
        Line2D([], [], color=TRUTH, label="truth"),
        Line2D([], [], color=PREDICTED, label="predicted"),
        Line2D([], [], color=POSITIVE, marker="P", linestyle="", label="positive"),
        Line2D([], [], color=NEGATIVE, marker="X", linestyle="", label="negative"),
    ]
    figure.legend(
        handles=lines,
        loc="lower center",
        ncols=len(lines),
        frameon=False,
        labelcolor="white",
        fontsize=9,
    )
