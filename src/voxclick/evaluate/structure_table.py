"""CT-SAM3D's kind of table: per structure, in groups, and unseen structures apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voxclick.evaluate.results import Row
from voxclick.evaluate.structures import Structure, structure_of
from voxclick.evaluate.table import Cell, Results, Table
from voxclick.types import Array

NOTE = (
    "A structure's number is the mean over its objects; that of a group, and of all, is the mean "
    "over its structures. Unseen structures were named when the evaluation was started."
)


@dataclass(frozen=True, eq=False)
class _Line:
    """The means of one structure: Dice and NSD at each step that is shown."""

    structure: Structure
    unseen: bool
    objects: int
    means: Float[Array, " t"]


def make_tables(results: Results) -> tuple[Table, ...]:
    """Dice and NSD at the reported clicks: structures, then groups, then seen, unseen and all."""
    steps = results.protocol.shown
    lines = _lines(results)
    rows = [_row("structure", line.structure.name, [line]) for line in lines]
    for kind, key in (("group", _group), ("part", _part)):
        for name in dict.fromkeys(filter(None, map(key, lines))):
            members = [line for line in lines if key(line) == name]
            rows.append(_row(kind, name, members))
    if results.protocol.unseen:
        for name, unseen in (("seen", False), ("unseen", True)):
            if members := [line for line in lines if line.unseen == unseen]:
                rows.append(_row("all", name, members))
    rows.append(_row("all", "all", lines))
    measures = tuple(f"{measure}_{step}" for measure in ("dice", "nsd") for step in steps)
    head = ("kind", "name", "group", "unseen", "structures", "objects", *measures)
    title = "By structure, at the clicks reported"
    return (Table("structures.csv", title, NOTE, head, tuple(rows)),)


def _lines(results: Results) -> list[_Line]:
    members: dict[str, list[Sequence[Row]]] = {}
    for rows in results.objects:
        members.setdefault(structure_of(rows[0].name).name, []).append(rows)
    shown = results.protocol.shown
    lines = []
    for name in sorted(members, key=_place):
        structure = structure_of(name)
        values = [
            [getattr(by_step[step], measure) for measure in ("dice", "nsd") for step in shown]
            for rows in members[name]
            for by_step in [{row.step: row for row in rows}]
        ]
        unseen = {name, structure.group, structure.part} & set(results.protocol.unseen)
        means: Array = np.mean(np.array(values, dtype=np.float64), axis=0)
        lines.append(_Line(structure, bool(unseen), len(values), means))
    return lines


def _place(name: str) -> tuple[str, str, float, str]:
    """Groups together, and inside them the order of TotalSegmentator's numbers."""
    structure = structure_of(name)
    number = np.inf if structure.number is None else float(structure.number)
    return (structure.group, structure.part, number, name)


def _group(line: _Line) -> str:
    return line.structure.group


def _part(line: _Line) -> str:
    part = line.structure.part
    return f"{line.structure.group}: {part}" if part else ""


def _row(kind: str, name: str, lines: Sequence[_Line]) -> tuple[Cell, ...]:
    means = np.mean([line.means for line in lines], axis=0)
    groups = {line.structure.group for line in lines}
    group = groups.pop() if len(groups) == 1 else ""
    told = {line.unseen for line in lines}
    unseen = {True: "yes", False: "no"}[told.pop()] if len(told) == 1 else "some"
    objects = sum(line.objects for line in lines)
    return (kind, name, group, unseen, len(lines), objects, *map(float, means))
