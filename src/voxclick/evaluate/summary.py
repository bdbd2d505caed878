"""What the rows say together: curves over the clicks, per structure, per group, and the worst."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from voxclick.evaluate.event import Failure
from voxclick.evaluate.interval import interval_of
from voxclick.evaluate.part import Objects, Part, asked_seconds, part_of, parts_by, table_of
from voxclick.evaluate.results import Row
from voxclick.evaluate.table import Table
from voxclick.types import Array, Json

BUDGETS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class Step:
    """One measure after one step, over all objects.

    Attributes:
        mean: Over the objects.
        median: Over the objects.
        low: Lower end of the 95 % interval of the mean, by drawing cases; None for one case.
        high: Upper end.
    """

    mean: float
    median: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Seconds:
    """What prompts took, over all objects."""

    median: float
    p95: float


@dataclass(frozen=True)
class Budget:
    """What the masks are worth when no answer may take longer, all together, than so long.

    Attributes:
        seconds: The budget of an object: what its prompts take to be answered, one after another.
        dice: Mean Dice after the last prompt that fits in; 0 for an object without any.
        nsd: Mean NSD, likewise.
        prompts: Mean number of prompts that fit in.
    """

    seconds: float
    dice: float
    nsd: float
    prompts: float


@dataclass(frozen=True)
class Strata:
    """The objects in parts by something measured of them.

    Attributes:
        title: What they are parted by.
        parts: In order.
    """

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Summary:
    """An evaluation in numbers.

    Attributes:
        settings: What decided about the results.
        versions: Of what computed them.
        device: What they were computed on.
        cases: How many cases have an object here.
        small: How many objects were skipped for being small.
        failures: What could not be evaluated.
        steps: The recorded steps; 0 is a first prompt that is no click.
        dice: Dice after each step.
        nsd: NSD after each step.
        total: All objects as one part. The area under a curve is the trapezoid rule over the
            clicks from 1 with steps of one, so at most `clicks - 1`: the CVPR 2025 challenge's
            `DSC_AUC` for five clicks.
        names: By name of the object, the best first.
        groups: By group; empty when there is only one.
        first: Seconds of the prompt that an object began with.
        later: Seconds of the prompts after it; None when there was none.
        worst: The last row of the objects with the lowest Dice, the worst first.
        budgets: What is reached in so many seconds; none where prompts were given at once.
        tables: Those of the protocol itself.
        strata: The objects by anisotropy and by size.
    """

    settings: Json
    versions: dict[str, str]
    device: str
    cases: int
    small: int
    failures: tuple[Failure, ...]
    steps: tuple[int, ...]
    dice: tuple[Step, ...]
    nsd: tuple[Step, ...]
    total: Part | None
    names: tuple[Part, ...]
    groups: tuple[Part, ...]
    first: Seconds | None
    later: Seconds | None
    worst: tuple[Row, ...]
    budgets: tuple[Budget, ...] = ()
    tables: tuple[Table, ...] = ()
    strata: tuple[Strata, ...] = ()

    def to_json(self) -> Json:
        """The fields of summary.json."""
        return asdict(self)


@dataclass(frozen=True)
class Measured:
    """Where and of what the results came."""

    settings: Json
    versions: dict[str, str]
    device: str


def summarise(
    objects: Objects,
    measured: Measured,
    groups: dict[str, str],
    small: int = 0,
    failures: Sequence[Failure] = (),
    worst: int = 8,
) -> Summary:
    """The objects' rows in numbers; without an object, the numbers are missing.

    Args:
        objects: The rows of each object, all of the same steps.
        measured: What the results came of.
        groups: Group of each case.
        small: How many objects were skipped for being small.
        failures: What could not be evaluated.
        worst: How many of the worst objects to name.
    """
    cases = [rows[0].case for rows in objects]
    by_name = parts_by(objects, lambda row: row.name)
    by_group = parts_by(objects, lambda row: groups.get(row.case, ""))
    asked = [asked_seconds(rows) for rows in objects]
    timed = objects and not measured.settings.get("at_once")
    return Summary(
        settings=measured.settings,
        versions=measured.versions,
        device=measured.device,
        cases=len(set(cases)),
        small=small,
        failures=tuple(failures),
        steps=tuple(row.step for row in objects[0]) if timed else (),
        dice=_curve(table_of(objects, lambda row: row.dice), cases),
        nsd=_curve(table_of(objects, lambda row: row.nsd), cases),
        total=part_of("all", objects) if objects else None,
        names=tuple(sorted(by_name, key=lambda part: -part.dice_last)),
        groups=by_group if len(by_group) > 1 else (),
        first=_seconds(times[0] for times in asked if times),
        later=_seconds(time for times in asked for time in times[1:]),
        worst=tuple(sorted((rows[-1] for rows in objects), key=_badness)[:worst]),
        budgets=tuple(_budget(objects, seconds) for seconds in BUDGETS_S) if objects else (),
    )


def _curve(values: Float[Array, "n t"], cases: Sequence[str]) -> tuple[Step, ...]:
    if not len(values):
        return ()
    low, high = interval_of(values, cases)
    return tuple(
        Step(float(column.mean()), float(np.median(column)), below, above)
        for column, below, above in zip(values.T, low, high, strict=True)
    )


def _seconds(times: Iterable[float]) -> Seconds | None:
    values = np.array(list(times))
    if not len(values):
        return None
    return Seconds(float(np.median(values)), float(np.percentile(values, 95)))


def _badness(row: Row) -> tuple[float, float, str, int]:
    return (row.dice, row.nsd, row.case, row.label)


def _budget(objects: Objects, seconds: float) -> Budget:
    reached = []
    for rows in objects:
        within = np.cumsum([row.seconds for row in rows]) <= seconds
        last = next((row for row, fits in zip(rows[::-1], within[::-1], strict=True) if fits), None)
        reached.append((last.dice, last.nsd, last.prompts) if last else (0.0, 0.0, 0))
    dice, nsd, prompts = np.mean(reached, axis=0).tolist()
    return Budget(seconds, dice, nsd, prompts)
