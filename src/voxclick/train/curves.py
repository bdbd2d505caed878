"""The curves of a run: a table, and a picture of it."""

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

CURVE = "curve.csv"
SMOOTH = 50
"""Steps that a drawn point is the mean of, at most."""


def draw_curves(path: Path) -> Path:
    """Draw loss and Dice by step, beside the table.

    Args:
        path: The table.

    Returns:
        The picture.
    """
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    width = max(1, min(SMOOTH, len(rows) // 20))
    left.plot(*_averaged(columns["step"], columns["loss"], width))
    left.set(xlabel="step", ylabel="loss")
    for place, name in enumerate(name for name in columns if name.startswith("dice_")):
        times = name.removeprefix("dice_")
        color = f"C{place}"
        right.plot(*_averaged(columns["step"], columns[name], width), color=color, label=times)
        evidence = _averaged(columns["step"], columns[f"evidence_{times}"], width)
        right.plot(*evidence, color=color, linestyle=":")
    right.set(xlabel="step", ylabel="Dice (dotted: evidence alone)", ylim=(0, 1))
    right.legend(title="prompts")
    picture = path.with_suffix(".png")
    figure.savefig(picture, dpi=100)
    return picture


def _averaged(steps: np.ndarray, values: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    count = len(steps) // width
    parts = values[: count * width].reshape(count, width)
    known = np.isfinite(parts)
    sums = np.where(known, parts, 0.0).sum(axis=1)
    return steps[: count * width].reshape(count, width).mean(axis=1), sums / np.maximum(
        known.sum(axis=1), 1
    )
