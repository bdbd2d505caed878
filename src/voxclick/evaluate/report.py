"""An evaluation as one web page: settings, curves, tables, and the worst objects as pictures."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from voxclick.evaluate.chart import Curve, draw_chart
from voxclick.evaluate.part import Part
from voxclick.evaluate.preset import preset_row
from voxclick.evaluate.results import Row
from voxclick.evaluate.summary import Step, Summary
from voxclick.evaluate.table import Cell, Table

Cells = Sequence[Cell]


@dataclass(frozen=True)
class Shown:
    """A worst object with its picture.

    Attributes:
        row: Its last row.
        png: The picture; None where it could not be drawn.
        note: Why not; empty otherwise.
    """

    row: Row
    png: bytes | None
    note: str = ""


def write_page(summary: Summary, shown: Sequence[Shown]) -> str:
    """The page as HTML, complete in itself: style, charts and pictures are inside."""
    style = files("voxclick.evaluate").joinpath("report.css").read_text(encoding="utf-8")
    title = f"{summary.settings.get('model')} on {_folder(summary)}"
    parts = [
        _protocol(summary),
        _headline(summary),
        *(_section(table.title, _own(table)) for table in summary.tables),
        _section("Over the clicks", _curves(summary)),
        _section("By structure", _parts(summary.names, summary)),
        _section("By group", _parts(summary.groups, summary)),
        *(_section(strata.title, _parts(strata.parts, summary)) for strata in summary.strata),
        _section("In so many seconds", _budgets(summary)),
        _section("Worst objects", "".join(_figure(one) for one in shown)),
        _section("Failures", _failures(summary)),
        _section("Settings", _settings(summary)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{''.join(parts)}</body>\n</html>\n"
    )


def _folder(summary: Summary) -> str:
    return str(summary.settings.get("data", "")).rstrip("/").rpartition("/")[2]


def _protocol(summary: Summary) -> str:
    """Which published protocol it is, and in a box of its own what it gives away of the truth."""
    if not (name := summary.settings.get("protocol")):
        return ""
    row = preset_row(str(name))
    told = f"<p>Protocol <b>{escape(row.name)}</b>: {escape(row.title)} ({escape(row.source)}). "
    told += f"{escape(row.remarks)}</p>\n"
    if row.leak:
        told += f'<p class="leak">These numbers are leaky: {escape(row.leak)}</p>\n'
    return told


def _own(table: Table) -> str:
    return f"<p>{escape(table.note)}</p>\n{_table(table.head, table.rows)}"


def _headline(summary: Summary) -> str:
    count = f"{summary.total.objects if summary.total else 0} objects in {summary.cases} cases"
    told = [count, f"{summary.small} skipped as too small", f"{len(summary.failures)} failed"]
    if summary.total is None or summary.first is None:
        return f"<p>{escape(', '.join(told))}.</p>\n"
    total = summary.total
    tiles = [
        ("Dice, first", f"{total.dice_first:.3f}"),
        ("Dice, last", f"{total.dice_last:.3f}"),
        ("NSD, last", f"{total.nsd_last:.3f}"),
        *((f"clicks to {t.dice:.1f}", f"{t.clicks:.1f}") for t in total.targets),
        ("seconds, first", f"{summary.first.median:.2f}"),
    ]
    if summary.later is not None:
        tiles.append(("seconds, later", f"{summary.later.median:.2f}"))
    drawn = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in tiles
    )
    return f'<p>{escape(", ".join(told))}.</p>\n<div class="tiles">{drawn}</div>\n'


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>\n" if content else ""


def _curves(summary: Summary) -> str:
    if not summary.steps:
        return ""
    curves = [Curve("mean Dice", "dice", summary.dice), Curve("mean NSD", "nsd", summary.nsd)]
    tolerance = summary.settings.get("tolerance_mm")
    note = (
        f"Means over objects; NSD at {tolerance} mm. The bands are 95 % intervals of the mean, "
        "by drawing whole cases."
    )
    rows: list[Cells] = [
        (step or "first", dice.mean, _interval(dice), dice.median, nsd.mean, _interval(nsd))
        for step, dice, nsd in zip(summary.steps, summary.dice, summary.nsd, strict=True)
    ]
    head = ("click", "mean Dice", "95 %", "median Dice", "mean NSD", "95 %")
    return (
        f"<figure>{draw_chart(summary.steps, curves)}<figcaption>{escape(note)}</figcaption>"
        f"</figure>\n<details><summary>As numbers</summary>{_table(head, rows)}</details>"
    )


def _interval(step: Step) -> str:
    return _range(step.low, step.high)


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _budgets(summary: Summary) -> str:
    rows: list[Cells] = [
        (f"{budget.seconds:g}", budget.dice, budget.nsd, f"{budget.prompts:.1f}")
        for budget in summary.budgets
    ]
    note = "<p>Means over objects, counting what the answers took and no time of the user.</p>"
    return f"{note}\n{_table(('seconds', 'Dice', 'NSD', 'prompts'), rows)}" if rows else ""


def _parts(parts: Sequence[Part], summary: Summary) -> str:
    if not parts:
        return ""
    everything = [summary.total] if summary.total and len(parts) > 1 else []
    rows: list[Cells] = [
        (
            part.name or "(none)",
            part.objects,
            part.dice_first,
            part.dice_last,
            _range(part.dice_low, part.dice_high),
            part.nsd_last,
            part.dice_auc,
            part.nsd_auc,
            *(cell for t in part.targets for cell in (f"{t.clicks:.1f}", f"{t.reached:.0%}")),
            f"{part.seconds:.2f}",
        )
        for part in [*everything, *parts]
    ]
    head = (
        "name",
        "objects",
        "Dice, first",
        "Dice, last",
        "95 %",
        "NSD, last",
        "Dice area",
        "NSD area",
        *(cell for t in parts[0].targets for cell in (f"clicks to {t.dice:.1f}", "reach it")),
        "seconds",
    )
    return _table(head, rows)


def _figure(shown: Shown) -> str:
    row = shown.row
    caption = (
        f"{row.case}, {row.name} ({row.label}): Dice {row.dice:.3f}, NSD {row.nsd:.3f} after "
        f"{row.prompts} prompts"
    )
    if shown.png is None:
        return f"<p>{escape(caption)}. No picture: {escape(shown.note)}</p>\n"
    data = base64.b64encode(shown.png).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>\n"
    )


def _failures(summary: Summary) -> str:
    rows: list[Cells] = [
        (failure.case, failure.name or "the whole case", failure.reason)
        for failure in summary.failures
    ]
    return _table(("case", "object", "reason"), rows, words=True) if rows else ""


def _settings(summary: Summary) -> str:
    entries = {**summary.settings, "computed on": summary.device, **summary.versions}
    rows: list[Cells] = [(name, _told(value)) for name, value in entries.items()]
    return _table(("setting", "value"), rows, words=True)


def _told(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "all"
    return "all" if value is None else str(value)


def _table(head: Sequence[str], rows: Iterable[Cells], words: bool = False) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    style = ' class="words"' if words else ""
    return (
        f'<div class="wide"><table{style}><thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _cell(value: Cell) -> str:
    told = f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)
    return f"<td>{escape(told)}</td>"
