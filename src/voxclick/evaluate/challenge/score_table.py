"""The challenge's scores: a line a case with the organisers' columns, and means by modality."""

from collections.abc import Sequence

import numpy as np

from voxclick.evaluate.results import Row
from voxclick.evaluate.table import Cell, Results, Table
from voxclick.metrics.interaction import area_under_curve
from voxclick.types import Array

LEAST_DICE = 0.2
"""Up to this mean Dice, the NSD counts as 0 (it would take long to compute and tell nothing)."""
SECONDS_A_CLASS = 90.0

STEPS = range(6)
SCORES = ("DSC_AUC", "NSD_AUC", "DSC_Final", "NSD_Final")
COLUMNS = (
    "CaseName",
    "TotalRunningTime",
    *(f"RunningTime_{step + 1}" for step in STEPS),
    *SCORES,
    *(f"{measure}_{step + 1}" for measure in ("DSC", "NSD") for step in STEPS),
    "num_class",
    "runtime_upperbound",
)
"""As in CVPR25_iter_eval.py; the first step is the box, the other five are the clicks."""


def make_tables(results: Results) -> tuple[Table, ...]:
    """Scores of each case, and their means for each group (modality) and for all cases."""
    cases: dict[str, list[Sequence[Row]]] = {}
    for rows in results.objects:
        cases.setdefault(rows[0].case, []).append(rows)
    lines = {case: _line(case, objects) for case, objects in cases.items()}
    over = [case for case, line in lines.items() if _late(line)]
    note = (
        "Running times are those of the session, without the start of a container. "
        f"{len(over)} of {len(lines)} cases are over {SECONDS_A_CLASS:g} s a class"
        f"{': ' if over else ''}{', '.join(over)}; the final test scores such cases 0, here they "
        "count."
    )
    return (
        Table("cvpr2025.csv", "Scores of the challenge", note, COLUMNS, tuple(lines.values())),
        _means(lines, results),
    )


def _line(case: str, objects: Sequence[Sequence[Row]]) -> tuple[Cell, ...]:
    dice, nsd, seconds = np.zeros((3, len(STEPS)))
    for step in STEPS:
        rows = [row for object_rows in objects for row in object_rows if row.step == step]
        if not rows:  # no box is given: the step is skipped and scored 0
            continue
        dice[step] = np.mean([row.dice for row in rows])
        nsd[step] = np.mean([row.nsd for row in rows]) if dice[step] > LEAST_DICE else 0.0
        seconds[step] = sum(row.seconds for row in rows)
    areas = (area_under_curve(dice[1:].tolist()), area_under_curve(nsd[1:].tolist()))
    times = map(float, seconds)
    scores = (*areas, float(dice[-1]), float(nsd[-1]), *map(float, (*dice, *nsd)))
    count = len(objects)
    return (case, float(seconds.sum()), *times, *scores, count, SECONDS_A_CLASS * count)


def _late(line: tuple[Cell, ...]) -> bool:
    total, limit = line[1], line[-1]
    assert isinstance(total, float)
    assert isinstance(limit, float)
    return total > limit


def _means(lines: dict[str, tuple[Cell, ...]], results: Results) -> Table:
    first = COLUMNS.index(SCORES[0])
    scores: dict[str, Array] = {
        case: np.array(line[first : first + len(SCORES)], dtype=np.float64)
        for case, line in lines.items()
    }
    members: dict[str, list[str]] = {}
    for case in lines:
        members.setdefault(results.groups.get(case, ""), []).append(case)
    groups = {name: members[name] for name in sorted(members) if name}
    rows: list[tuple[Cell, ...]] = []
    for name, cases in {**groups, "all": list(lines)}.items():
        means = np.mean([scores[case] for case in cases], axis=0)
        rows.append((name, len(cases), *map(float, means)))
    note = "Means over the cases of each group; a group is the modality in a file's name."
    head = ("group", "cases", *SCORES)
    return Table("cvpr2025_means.csv", "Means of the challenge's scores", note, head, tuple(rows))
