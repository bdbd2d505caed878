"""The curves of a run: a table, and a picture of it."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from voxclick.types import Array

CURVE = "curve.csv"
SMOOTH = 50
"""Steps that a drawn point is the mean of, at most."""


@dataclass(frozen=True)
class Line:
    """One measure in a panel.

    Attributes:
        measure: Its column.
        label: In the legend; empty for none.
        colour: Number of its colour.
        dotted: Whether it is drawn so.
    """

    measure: str
    label: str = ""
    colour: int = 0
    dotted: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Of the vertical axis.
        lines: What is drawn.
        legend: Title of the legend.
        most: The largest value, where the axis begins at 0; None where it follows the values.
    """

    title: str
    lines: tuple[Line, ...]
    legend: str = ""
    most: float | None = None


LOSS = Panel("loss", (Line("loss"),))


def draw_curves(path: Path, panels: tuple[Panel, ...]) -> Path:
    """Draw the panels by step, beside the table.

    Args:
        path: The table.
        panels: What to draw, from left to right.

    Returns:
        The picture.
    """
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, panel in enumerate(panels):
        _draw(axes[place], panel, columns)
    picture = path.with_suffix(".png")
    figure.savefig(picture, dpi=100)
    return picture


def _draw(axes: Axes, panel: Panel, columns: dict[str, Array]) -> None:
    count = len(columns["step"])
    width = max(1, min(SMOOTH, count // 20))
    known = [line for line in panel.lines if line.measure in columns]
    for line in known:
        style = ":" if line.dotted else "-"
        steps, values = _averaged(columns["step"], columns[line.measure], width)
        label = line.label or "_"
        axes.plot(steps, values, color=f"C{line.colour}", linestyle=style, label=label)
    axes.set(xlabel="step", ylabel=panel.title)
    if panel.most is not None:
        axes.set(ylim=(0, panel.most))
    if any(line.label for line in known):
        axes.legend(title=panel.legend or None)


def _averaged(steps: Array, values: Array, width: int) -> tuple[Array, Array]:
    count = len(steps) // width
    parts = values[: count * width].reshape(count, width)
    known = np.isfinite(parts)
    sums = np.where(known, parts, 0.0).sum(axis=1)
    return steps[: count * width].reshape(count, width).mean(axis=1), sums / np.maximum(
        known.sum(axis=1), 1
    )
