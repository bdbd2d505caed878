"""Three planes through a volume as a radiologist hangs them, with outlines and prompts."""

import io as streams
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt
from voxclick.types import Array, Index3
from voxclick.volume import Mask, Volume, Voxels

HANGING = (("axial", "S", "R", "A"), ("coronal", "A", "R", "S"), ("sagittal", "R", "A", "S"))
"""Name of a plane, the direction it is cut across, and what is on its left and at its top."""
OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}
POSITIVE, NEGATIVE = "#39d353", "#ff4d4d"
"""Colours of the prompts."""
GROUND, INK, FAINT = "#101216", "#e8eaed", "#9aa0a6"
NEAR_VOXELS = 0.5
"""A prompt this far from a plane lies on it; others are drawn pale."""
PANEL, GAP, WIDTH_INCH, HEIGHT_INCH, DPI = 0.288, 0.034, 13.2, 5.2, 110


@dataclass(frozen=True)
class Outline:
    """An object to draw the border of, in a colour, and what to call it."""

    mask: Mask
    colour: str
    label: str


@dataclass(frozen=True)
class Aim:
    """Where the planes are cut, and how much of them is shown.

    Attributes:
        at: The voxel that all three planes go through.
        frame: Voxels to show.
        window: Intensities shown as black and as white.
    """

    at: Index3
    frame: Box
    window: tuple[float, float]


@dataclass(frozen=True)
class _Plane:
    """How a plane lies in the array: what it is cut across, what is shown, and which way."""

    name: str
    across: int
    horizontal: int
    vertical: int
    flip_horizontal: bool
    flip_vertical: bool
    letters: tuple[str, str, str, str]


def draw_planes(
    volume: Volume,
    outlines: Sequence[Outline],
    prompts: Sequence[Prompt],
    title: str,
    aim: Aim,
) -> Figure:
    """The axial, coronal and sagittal planes with outlines and prompts.

    Patient's right is on the left of axial and coronal planes, anterior on the left of the
    sagittal one; millimetres are as long one way as the other. The planes follow the array's own
    axes: nothing is resampled. Prompts that lie on a plane are bold, others pale.

    Args:
        volume: The image.
        outlines: Objects on the volume's grid; may be empty masks.
        prompts: In voxel indices.
        title: The line above.
        aim: Where to cut and what to show.
    """
    figure = Figure(figsize=(WIDTH_INCH, HEIGHT_INCH), dpi=DPI, facecolor=GROUND)
    FigureCanvasAgg(figure)
    for place, plane in enumerate(_planes(volume.grid)):
        left = GAP + place * (PANEL + GAP)
        axes = figure.add_axes((left, 0.1, PANEL, PANEL * WIDTH_INCH / HEIGHT_INCH))
        _draw(axes, plane, volume, outlines, aim)
        for prompt in prompts:
            _mark(axes, prompt, plane, aim.at[plane.across])
        _dress(axes, plane, aim)
    _plain(figure.text(GAP, 0.95, title, color=INK, fontsize=13, va="center", weight="bold"))
    _explain(figure, outlines, prompts)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    stream = streams.BytesIO()
    figure.savefig(stream, format="png", facecolor=figure.get_facecolor())
    return stream.getvalue()


def _planes(grid: Grid) -> list[_Plane]:
    """The planes on this grid, by the closest anatomical direction of its axes."""
    towards = grid.orientation
    axis = {letter: place for place, letter in enumerate(towards)}
    axis |= {OPPOSITE[letter]: place for place, letter in enumerate(towards)}
    return [
        _Plane(
            name,
            axis[across],
            axis[left],
            axis[top],
            flip_horizontal=towards[axis[left]] == left,
            flip_vertical=towards[axis[top]] != top,
            letters=(left, OPPOSITE[left], top, OPPOSITE[top]),
        )
        for name, across, left, top in HANGING
    ]


def _draw(axes: Axes, plane: _Plane, volume: Volume, outlines: Sequence[Outline], aim: Aim) -> None:
    """The image and the outlines, in native voxel indices."""
    index, frame = aim.at[plane.across], aim.frame
    h, v = plane.horizontal, plane.vertical
    edges = (frame.start[h] - 0.5, frame.stop[h] - 0.5, frame.start[v] - 0.5, frame.stop[v] - 0.5)
    low, high = aim.window
    spacing = volume.grid.spacing_mm
    axes.imshow(
        _slice(volume.array, plane, index, frame).astype(np.float32),
        cmap="gray",
        vmin=low,
        vmax=high,
        extent=edges,
        origin="lower",
        aspect=spacing[v] / spacing[h],
        interpolation="bilinear",
    )
    for outline in outlines:
        inside = _slice(outline.mask.kept, plane, index, frame)
        tint = np.zeros((*inside.shape, 4), dtype=np.float32)
        tint[inside] = (*to_rgb(outline.colour), 0.16)
        axes.imshow(tint, extent=edges, origin="lower", aspect="auto", interpolation="nearest")
        origin = (frame.start[v], frame.start[h])
        _trace(axes, inside, origin, outline.colour, 1.3)
    axes.set_aspect(spacing[v] / spacing[h])


def _slice(array: Voxels, plane: _Plane, index: int, frame: Box) -> Array:
    """A plane of an array inside the frame, as `[vertical, horizontal]`."""
    slices: list[slice | int] = list(frame.slices)
    slices[plane.across] = index
    cut: Array = array[tuple(slices)]
    return cut if plane.vertical < plane.horizontal else cut.T


def _borders(inside: Bool[Array, "v h"]) -> Float[Array, "n 2 2"]:
    """The voxel edges between inside and outside, as pairs of `(h, v)`."""
    padded = np.pad(inside, 1)
    along_h = np.argwhere(padded[1:, :] != padded[:-1, :]) - (0.5, 1.0)
    along_v = np.argwhere(padded[:, 1:] != padded[:, :-1]) - (1.0, 0.5)
    half = np.array([[-0.5, 0.0], [0.5, 0.0]])
    flat = along_h[:, None, ::-1] + half
    upright = along_v[:, None, ::-1] + half[:, ::-1]
    return np.concatenate([flat, upright])


def _trace(
    axes: Axes,
    inside: Bool[Array, "v h"],
    origin: tuple[int, int],
    colour: str,
    width: float,
    alpha: float = 1.0,
) -> None:
    """The border of an area whose first pixel is at `origin` (vertical, horizontal)."""
    lines = _borders(inside) + np.array(origin[::-1])
    axes.add_collection(
        LineCollection(list(lines), colors=colour, linewidths=width, alpha=alpha), autolim=False
    )


def _mark(axes: Axes, prompt: Prompt, plane: _Plane, index: int) -> None:
    """A prompt: plus or cross for a point, a rectangle, a contour, or the marked voxels."""
    colour = POSITIVE if prompt.positive else NEGATIVE
    h, v, across = plane.horizontal, plane.vertical, plane.across
    if isinstance(prompt, Point):
        bold = abs(prompt.at[across] - index) <= NEAR_VOXELS
        axes.plot(
            prompt.at[h],
            prompt.at[v],
            marker="P" if prompt.positive else "X",
            markersize=10 if bold else 7,
            markerfacecolor=colour,
            markeredgecolor="black",
            alpha=1.0 if bold else 0.5,
            zorder=5,
        )
    elif isinstance(prompt, BoxPrompt):
        (h0, h1), (v0, v1) = ((prompt.start[a] - 0.5, prompt.stop[a] - 0.5) for a in (h, v))
        bold = prompt.start[across] - 0.5 <= index <= prompt.stop[across] - 0.5
        axes.plot(
            [h0, h1, h1, h0, h0],
            [v0, v0, v1, v1, v0],
            color=colour,
            linestyle="--",
            linewidth=1.4,
            alpha=1.0 if bold else 0.3,
        )
    elif isinstance(prompt, Lasso) and prompt.axis == across:
        closed = np.concatenate([prompt.vertices, prompt.vertices[:1]])
        bold = prompt.slice_index == index
        axes.plot(
            closed[:, h], closed[:, v], color=colour, linewidth=1.4, alpha=1.0 if bold else 0.3
        )
    else:
        _mark_voxels(axes, prompt, plane, index, colour)


def _mark_voxels(axes: Axes, prompt: Prompt, plane: _Plane, index: int, colour: str) -> None:
    """The border of what a scribble, a lasso or a mask marks; pale where it is on other planes."""
    voxels = prompt.voxels()
    here = voxels[:, plane.across] == index
    bold = bool(here.any())
    seen = (voxels[here] if bold else voxels)[:, [plane.vertical, plane.horizontal]]
    if not len(seen):
        return
    low = seen.min(axis=0)
    area = np.zeros(tuple(seen.max(axis=0) - low + 1), dtype=np.bool_)
    area[tuple((seen - low).T)] = True
    _trace(axes, area, (int(low[0]), int(low[1])), colour, 1.2, 1.0 if bold else 0.3)


def _dress(axes: Axes, plane: _Plane, aim: Aim) -> None:
    """Hang the plane the right way, name it, and put the letters of the directions around it."""
    frame, h, v = aim.frame, plane.horizontal, plane.vertical
    across, down = (
        sorted((frame.start[a] - 0.5, frame.stop[a] - 0.5), reverse=flip)
        for a, flip in ((h, plane.flip_horizontal), (v, plane.flip_vertical))
    )
    axes.set_xlim(across[0], across[1])
    axes.set_ylim(down[0], down[1])
    axes.set_axis_off()
    for letter, at, shift in zip(
        plane.letters,
        ((0, 0.5), (1, 0.5), (0.5, 1), (0.5, 0)),
        ((-9, 0), (9, 0), (0, 9), (0, -9)),
        strict=True,
    ):
        axes.annotate(
            letter,
            at,
            xycoords="axes fraction",
            xytext=shift,
            textcoords="offset points",
            color=FAINT,
            fontsize=10,
            ha="center",
            va="center",
            annotation_clip=False,
        )
    index = aim.at[plane.across]
    axes.annotate(
        f"{plane.name}, {'ijk'[plane.across]} = {index}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6),
        textcoords="offset points",
        color=FAINT,
        fontsize=9,
        annotation_clip=False,
    )


def _explain(figure: Figure, outlines: Sequence[Outline], prompts: Sequence[Prompt]) -> None:
    """The legend under the planes: the outlines, and the signs of the prompts that there are."""
    entries = [(Line2D([], [], color=one.colour, linewidth=2), one.label) for one in outlines]
    for positive, name, marker, colour in (
        (True, "positive prompts", "P", POSITIVE),
        (False, "negative prompts", "X", NEGATIVE),
    ):
        if any(prompt.positive == positive for prompt in prompts):
            line = Line2D([], [], color=colour, marker=marker, linestyle="", markersize=8)
            entries.append((line, name))
    if not entries:
        return
    legend = figure.legend(
        [line for line, _ in entries],
        ["-"] * len(entries),
        loc="lower center",
        ncols=len(entries),
        frameon=False,
        labelcolor=INK,
        fontsize=10,
    )
    for text, (_, name) in zip(legend.get_texts(), entries, strict=True):
        text.set_text(name)
        _plain(text)


def _plain(text: object) -> None:
    """Take `$` and `_` in names for what they are, not for formulas."""
    text.set_parse_math(False)  # type: ignore[attr-defined]
