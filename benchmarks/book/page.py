"""The page: tables as Markdown, and a picture of the curves."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from benchmarks.book.quality import Quality
from voxclick.evaluate.facts import Facts
from voxclick.evaluate.interval import interval_of
from voxclick.evaluate.strata import ANISOTROPY, VOLUME_ML
from voxclick.types import Array

TOLD = (1, 3, 5, 10)
"""After so many prompts quality is told."""
CURVES = "curves.png"
PARTS = ("encode", "first answer", "correction")


@dataclass(frozen=True)
class Cost:
    """What one view of a model costs.

    Attributes:
        model: Its name.
        family: Its family.
        drawn: Whether its weights are drawn at random.
        measured: What `benchmarks.book.cost` told.
    """

    model: str
    family: str
    drawn: bool
    measured: Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """Everything that the page tells.

    Attributes:
        found: Of each model that was evaluated.
        costs: Of each family.
        absent: Names of the models without weights on the machine.
        command: What made it.
        machine: What it was measured on.
        data: What each data set is called.
    """

    found: Sequence[Quality]
    costs: Sequence[Cost]
    absent: Sequence[str]
    command: str
    machine: Mapping[str, str]
    data: Sequence[str]


def write_page(book: Book, folder: Path) -> None:
    """Write `README.md` and the picture of the curves into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _draw(book.found, folder / CURVES)
    first = book.found[0]
    told = ", ".join(f"{name} {version}" for name, version in book.machine.items())
    lines = [
        "# Benchmark book",
        "",
        f"`{book.command}`",
        "",
        f"{len(first.rows)} objects in {len(set(first.cases()))} cases of {', '.join(book.data)}. "
        "Every model answers the same simulated user, who clicks the centre of the largest error; "
        "the first click is the same for all, the later ones answer the model's own mask. Means "
        "over the objects, with 95 % intervals by drawing cases. One object at a time, in one "
        f"process. Measured on: {told}.",
        "",
        *_quality(book.found),
        f"![Dice and NSD over the prompts]({CURVES})",
        "",
        *_waiting(book.found),
        *_strata(book.found, "By size", lambda one: one.volume_ml, VOLUME_ML, " ml"),
        *_strata(
            book.found,
            "By anisotropy (widest over narrowest spacing)",
            lambda one: one.anisotropy,
            ANISOTROPY,
            "",
        ),
        *_costs(book.costs),
        *_absent(book.absent),
    ]
    (folder / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _quality(found: Sequence[Quality]) -> list[str]:
    steps = _steps(found)
    lines = ["## Quality", ""]
    lines += _header("", [*(f"Dice @{n}" for n in steps), f"NSD @{steps[-1]}", "fails"])
    for one in found:
        dice, nsd = one.dice(), one.nsd()
        cells = [_interval(dice[:, n - 1], one.cases()) for n in steps]
        cells.append(_interval(nsd[:, steps[-1] - 1], one.cases()))
        lines.append(_row(f"`{one.model}`", [*cells, "yes" if one.failed else "none"]))
    return [*lines, ""]


def _waiting(found: Sequence[Quality]) -> list[str]:
    lines = ["## Waiting and memory", "", "Seconds from a prompt to its refined answer.", ""]
    names = ["first prompt, p50", "p95", "later prompts, p50", "p95", "peak of the process"]
    lines += _header("", names)
    for one in found:
        cells = []
        for first in (True, False):
            seconds = one.seconds(first)
            cells += [f"{np.percentile(seconds, q):.2f} s" if seconds else "" for q in (50, 95)]
        lines.append(_row(f"`{one.model}`", [*cells, f"{one.peak_mib:.0f} MiB"]))
    return [*lines, ""]


def _strata(
    found: Sequence[Quality],
    title: str,
    value: Callable[[Facts], float],
    limits: Sequence[float],
    unit: str,
) -> list[str]:
    steps = _steps(found)
    lines = [f"## {title}", ""]
    lines += _header("", ["model", "objects", *(f"Dice @{n}" for n in steps)])
    for low, high in zip((0.0, *limits), (*limits, float("inf")), strict=True):
        name = f"up to {high:g}{unit}" if low == 0 else f"{low:g} to {high:g}{unit}"
        name = f"above {low:g}{unit}" if high == float("inf") else name
        for one in found:
            wanted = [low < value(one.facts[r[0].case, r[0].label]) <= high for r in one.rows]
            if not any(wanted):
                continue
            dice = one.dice()[np.array(wanted)]
            cells = [f"{dice[:, n - 1].mean():.3f}" for n in steps]
            lines.append(_row(name, [f"`{one.model}`", str(len(dice)), *cells]))
            name = ""
    return [*lines, ""]


def _costs(costs: Sequence[Cost]) -> list[str]:
    lines = [
        "## One view",
        "",
        "Every family on the packaged head: its own view around the same click, encoded, answered, "
        "and corrected with one click more. Median seconds. Where the weights are not on the "
        "machine, they are drawn at random at the published size, which costs the same.",
        "",
        *_header("", ["weights", *PARTS, "peak of the process"]),
    ]
    for one in costs:
        seconds = one.measured["seconds"]
        cells = [f"{statistics.median(seconds[part]):.3f} s" for part in PARTS]
        held = f"{one.measured['peak_mib']:.0f} MiB"
        drawn = "drawn" if one.drawn else "own"
        lines.append(_row(f"`{one.model}` ({one.family})", [drawn, *cells, held]))
    return [*lines, ""]


def _absent(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    told = ", ".join(f"`{name}`" for name in names)
    return [
        "## Not scored",
        "",
        f"No weights were on the machine for {told}; `voxclick fetch NAME` gets them, and the same "
        "command then fills their rows.",
        "",
    ]


def _steps(found: Sequence[Quality]) -> list[int]:
    return [n for n in TOLD if n <= found[0].dice().shape[1]]


def _header(first: str, names: Sequence[str]) -> list[str]:
    left = [":---" if name in ("model", "weights") else "---:" for name in names]
    return [_row(first, names), f"|---|{'|'.join(left)}|"]


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def _interval(values: Float[Array, " n"], cases: Sequence[str]) -> str:
    (low,), (high,) = interval_of(values[:, None], cases)
    told = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    return f"{values.mean():.3f}{told}"


def _draw(found: Sequence[Quality], path: Path) -> None:
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, title in zip(figure.subplots(1, 2, sharey=True), ("Dice", "NSD"), strict=True):
        for one in found:
            values = one.dice() if title == "Dice" else one.nsd()
            steps = np.arange(1, values.shape[1] + 1)
            low, high = interval_of(values, one.cases())
            (line,) = axes.plot(steps, values.mean(axis=0), marker="o", label=one.model)
            if low[0] is not None:
                axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.15)
        axes.set(title=title, xlabel="prompts", ylim=(0, 1))
        axes.grid(alpha=0.3)
    figure.axes[0].legend(loc="lower right")
    figure.savefig(path, dpi=90)
