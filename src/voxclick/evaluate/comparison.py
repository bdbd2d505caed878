"""Two evaluations of the same objects: how far apart, how sure, and whether by chance."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from voxclick.errors import FileFormatError, MissingFileError, OptionError
from voxclick.evaluate.interval import interval_of
from voxclick.evaluate.results import Row, read_rows
from voxclick.metrics.interaction import area_under_curve, clicks_to_reach
from voxclick.types import Array, Json

EXACT_UP_TO = 12
"""Cases up to which every choice of signs is tried: 4096 of them."""
DRAWS = 10_000
FREE = frozenset({"model", "device", "cases", "limit", "max_objects", "labels", "voxclick"})
"""Settings that two evaluations may differ in and still be compared without a word."""

Rows = Sequence[Row]
Objects = dict[tuple[str, int], list[Row]]


@dataclass(frozen=True)
class Difference:
    """One measure in both evaluations, over the objects that both have.

    Attributes:
        measure: What is compared.
        name: Of the structure; empty for all objects.
        objects: How many.
        first: Mean in the first evaluation.
        second: Mean in the second.
        low: Lower end of the 95 % interval of second less first, by drawing cases; None for one
            case.
        high: Upper end.
        p: How often a difference as large comes about when the two are swapped at random, case by
            case (a paired permutation test, two-sided); of structures by Holm's correction.
    """

    measure: str
    name: str
    objects: int
    first: float
    second: float
    low: float | None
    high: float | None
    p: float


@dataclass(frozen=True)
class Comparison:
    """Two evaluations side by side.

    Attributes:
        first: Folder of the first.
        second: Folder of the second.
        objects: Objects that both have.
        cases: Cases that they lie in.
        alone: Objects that only one of them has; they are left out.
        differing: Settings that differ and say that something else was measured.
        total: The measures over all objects.
        names: Dice after the last step, by structure.
    """

    first: str
    second: str
    objects: int
    cases: int
    alone: int
    differing: tuple[str, ...]
    total: tuple[Difference, ...]
    names: tuple[Difference, ...]

    def to_json(self) -> Json:
        """Its fields."""
        return asdict(self)


def compare(first: Path, second: Path) -> Comparison:
    """Compare the results of two evaluations, object by object.

    Args:
        first: A folder of results.
        second: Another; differences are this one's less the first one's.

    Raises:
        MissingFileError: If a folder holds no results.
        FileFormatError: If its files are broken.
        OptionError: If the two have no object and step in common.
    """
    one, other = _objects(first), _objects(second)
    shared = [key for key in one if key in other]
    steps = [] if not shared else _steps(one[shared[0]], other[shared[0]])
    if not steps:
        raise OptionError(
            f"two evaluations of the same objects and steps are needed, got {first} with "
            f"{len(one)} objects and {second} with {len(other)}, none in common"
        )
    pairs = [(_at(one[key], steps), _at(other[key], steps)) for key in shared]
    names = sorted({rows[0].name for rows, _ in pairs})
    by_name = [
        _difference(("Dice, last", _last_dice), [pair for pair in pairs if pair[0][0].name == name])
        for name in names
    ]
    adjusted = _holm([difference.p for difference in by_name])
    return Comparison(
        first=str(first),
        second=str(second),
        objects=len(shared),
        cases=len({case for case, _ in shared}),
        alone=len(one) + len(other) - 2 * len(shared),
        differing=_differing(first, second),
        total=tuple(_difference(measure, pairs) for measure in _measures(steps)),
        names=tuple(
            Difference(**{**asdict(difference), "name": name, "p": p})
            for name, difference, p in zip(names, by_name, adjusted, strict=True)
        ),
    )


Measure = tuple[str, Callable[[Rows], float]]


def _measures(steps: Sequence[int]) -> list[Measure]:
    clicks = [step for step in steps if step > 0]
    found: list[Measure] = [
        ("Dice, first", lambda rows: rows[0].dice),
        ("Dice, last", _last_dice),
        ("NSD, first", lambda rows: rows[0].nsd),
        ("NSD, last", lambda rows: rows[-1].nsd),
    ]
    if len(clicks) > 1 and clicks[-1] - clicks[0] == len(clicks) - 1:
        found += [
            ("Dice area", lambda rows: area_under_curve(_dice(rows))),
            ("clicks to 0.8", lambda rows: clicks_to_reach(_dice(rows), 0.8) or len(clicks)),
            ("clicks to 0.9", lambda rows: clicks_to_reach(_dice(rows), 0.9) or len(clicks)),
        ]
    return [*found, ("seconds", lambda rows: sum(row.seconds for row in rows))]


def _last_dice(rows: Rows) -> float:
    return rows[-1].dice


def _dice(rows: Rows) -> list[float]:
    return [row.dice for row in rows if row.step > 0]


def _difference(measure: Measure, pairs: Sequence[tuple[Rows, Rows]]) -> Difference:
    title, value = measure
    values = np.array([[value(rows) for rows in pair] for pair in pairs], dtype=np.float64)
    cases = [rows[0].case for rows, _ in pairs]
    apart = values[:, 1] - values[:, 0]
    (low,), (high,) = interval_of(apart[:, None], cases)
    first, second = values.mean(axis=0).tolist()
    return Difference(title, "", len(pairs), first, second, low, high, _chance(apart, cases))


def _chance(apart: Float[Array, " n"], cases: Sequence[str]) -> float:
    """The share of sign changes, case by case, whose mean is as far from 0; 1 for no difference."""
    _, member = np.unique(cases, return_inverse=True)
    sums = np.bincount(member, weights=apart)
    found = abs(sums.sum()) * (1 - 1e-12)
    if len(sums) <= EXACT_UP_TO:
        return float((np.abs(_all_signs(len(sums)) @ sums) >= found).mean())
    drawn = np.random.default_rng(0).integers(0, 2, size=(DRAWS, len(sums))) * 2 - 1
    return float((1 + np.count_nonzero(np.abs(drawn @ sums) >= found)) / (1 + DRAWS))


def _all_signs(count: int) -> Int[Array, "m n"]:
    return np.array(list(np.ndindex(*(2,) * count)), dtype=np.int64) * 2 - 1


def _holm(chances: Sequence[float]) -> list[float]:
    """Holm's correction for several tests: the family's share of false finds stays at most p."""
    order = np.argsort(chances)
    scaled = np.array(chances)[order] * np.arange(len(chances), 0, -1)
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p) for p in adjusted]


def _objects(folder: Path) -> Objects:
    path = folder / "results.csv"
    if not path.is_file():
        raise MissingFileError(
            f"results of an evaluation are needed, got no results.csv in {folder}; run `voxclick "
            "evaluate DATA -o FOLDER` first"
        )
    found: Objects = {}
    for row in read_rows(path):
        found.setdefault((row.case, row.label), []).append(row)
    return found


def _steps(one: Rows, other: Rows) -> list[int]:
    theirs = {row.step for row in other}
    return [row.step for row in one if row.step in theirs]


def _at(rows: Rows, steps: Sequence[int]) -> Rows:
    return [row for row in rows if row.step in steps]


def _differing(first: Path, second: Path) -> tuple[str, ...]:
    one, other = _settings(first), _settings(second)
    return tuple(
        f"{key}: {one.get(key)!r} and {other.get(key)!r}"
        for key in sorted(one.keys() | other.keys())
        if key not in FREE and one.get(key) != other.get(key)
    )


def _settings(folder: Path) -> Json:
    path = folder / "settings.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FileFormatError(
            f"{path} must be the settings of an evaluation, as JSON: {error}; compare other folders"
        ) from None
