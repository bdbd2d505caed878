"""The numbers as Markdown."""

from collections.abc import Sequence
from typing import Any

TITLES = {
    "read": "read `.nii`",
    "read_compressed": "read `.nii.gz`",
    "load": "load the model",
    "open": "open a session",
    "first_click_cold": "first click of a process",
    "first_click_warm": "first click of a session",
    "next_click": "next click",
    "undo": "undo",
    "redo": "redo",
    "mask": "`mask()`",
    "save": "save (`.nii.gz`)",
}


def ratios(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """For each scenario, how many times its seconds on the largest scan are those on the smallest.

    Empty where there is but one size.
    """
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    seconds = {(row["scenario"], row["size"]): row["seconds"] for row in rows}
    names = dict.fromkeys(row["scenario"] for row in rows) if len(sizes) > 1 else {}
    return {name: seconds[name, sizes[-1]] / seconds[name, sizes[0]] for name in names}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One row a scenario: seconds and peak memory at each size, and the ratio large to small."""
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    found = {(row["scenario"], row["size"]): row for row in rows}
    times = ratios(rows)
    lines = [
        f"| | {' | '.join(sizes)} | large / small |",
        f"|---|{'---:|' * len(sizes)}---:|",
    ]
    for name in dict.fromkeys(row["scenario"] for row in rows):
        cells = [_cell(found[name, size]) for size in sizes]
        ratio = f"{times[name]:.2f}" if name in times else ""
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} | {ratio} |")
    return "\n".join(lines) + "\n"


def startup_table(rows: Sequence[dict[str, Any]]) -> str:
    """One row a command."""
    lines = ["| command | wall time |", "|---|---:|"]
    lines += [f"| `{row['command']}` | {row['seconds']:.2f} s |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, Any]) -> str:
    return f"{_told(row['seconds'])}, {row['peak_mib']:.0f} MiB"


def _told(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"
