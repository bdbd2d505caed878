"""What the rows say together: curves over the clicks, per structure, per group, and the worst."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from voxclick.evaluate.event import Failure
from voxclick.evaluate.results import Row
from voxclick.evaluate.table import Table
from voxclick.metrics.interaction import area_under_curve, clicks_to_reach
from voxclick.types import Array, Json

TARGETS = (0.8, 0.9)
DRAWS = 1000


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
class Target:
    """How soon a Dice is reached.

    Attributes:
        dice: The Dice to reach.
        clicks: Mean number of clicks; an object that never gets there counts with all its clicks.
        reached: Share of the objects that get there.
    """

    dice: float
    clicks: float
    reached: float


@dataclass(frozen=True)
class Part:
    """The objects of one name or one group.

    Attributes:
        name: The name or the group.
        objects: How many.
        dice_first: Mean Dice after the first step.
        dice_last: Mean Dice after the last step.
        nsd_last: Mean NSD after the last step.
        dice_auc: Mean area under the Dice curve (see `Summary`); None for one click, and where
            clicks were left out.
        nsd_auc: Mean area under the NSD curve.
        targets: How soon each Dice is reached.
        seconds: Median of what a prompt took.
    """

    name: str
    objects: int
    dice_first: float
    dice_last: float
    nsd_last: float
    dice_auc: float | None
    nsd_auc: float | None
    targets: tuple[Target, ...]
    seconds: float


@dataclass(frozen=True)
class Seconds:
    """What prompts took, over all objects."""

    median: float
    p95: float


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
        tables: Those of the protocol itself.
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
    tables: tuple[Table, ...] = ()

    def to_json(self) -> Json:
        """The fields of summary.json."""
        return asdict(self)


Objects = Sequence[Sequence[Row]]
"""The rows of each object, by step."""


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
    by_name = _parts(objects, lambda row: row.name)
    by_group = _parts(objects, lambda row: groups.get(row.case, ""))
    asked = [_asked(rows) for rows in objects]
    return Summary(
        settings=measured.settings,
        versions=measured.versions,
        device=measured.device,
        cases=len(set(cases)),
        small=small,
        failures=tuple(failures),
        steps=tuple(row.step for row in objects[0]) if objects else (),
        dice=_curve(_table(objects, lambda row: row.dice), cases),
        nsd=_curve(_table(objects, lambda row: row.nsd), cases),
        total=_part("all", objects) if objects else None,
        names=tuple(sorted(by_name, key=lambda part: -part.dice_last)),
        groups=by_group if len(by_group) > 1 else (),
        first=_seconds(times[0] for times in asked if times),
        later=_seconds(time for times in asked for time in times[1:]),
        worst=tuple(sorted((rows[-1] for rows in objects), key=_badness)[:worst]),
    )


def _curve(values: Float[Array, "n t"], cases: Sequence[str]) -> tuple[Step, ...]:
    if not len(values):
        return ()
    low, high = _interval(values, cases)
    return tuple(
        Step(float(column.mean()), float(np.median(column)), below, above)
        for column, below, above in zip(values.T, low, high, strict=True)
    )


def _interval(
    values: Float[Array, "n t"], cases: Sequence[str]
) -> tuple[list[float | None], list[float | None]]:
    """95 % bootstrap interval of the mean at each step; cases are drawn, with all they hold."""
    _, member = np.unique(cases, return_inverse=True)
    count = int(member.max()) + 1
    if count < 2:
        missing: list[float | None] = [None] * values.shape[1]
        return missing, missing
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, member, values)
    sizes = np.bincount(member)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    means = (drawn @ sums) / (drawn @ sizes)[:, None]
    low, high = np.percentile(means, (2.5, 97.5), axis=0)
    return low.tolist(), high.tolist()


def _parts(objects: Objects, key: Callable[[Row], str]) -> tuple[Part, ...]:
    members: dict[str, list[Sequence[Row]]] = {}
    for rows in objects:
        members.setdefault(key(rows[0]), []).append(rows)
    return tuple(_part(name, members[name]) for name in sorted(members))


def _part(name: str, objects: Objects) -> Part:
    dice = _table(objects, lambda row: row.dice)
    nsd = _table(objects, lambda row: row.nsd)
    clicks = np.array([row.step > 0 for row in objects[0]])
    steps = [row.step for row in objects[0] if row.step > 0]
    times = [time for rows in objects for time in _asked(rows)]
    return Part(
        name=name,
        objects=len(objects),
        dice_first=float(dice[:, 0].mean()),
        dice_last=float(dice[:, -1].mean()),
        nsd_last=float(nsd[:, -1].mean()),
        dice_auc=_area(dice[:, clicks], steps),
        nsd_auc=_area(nsd[:, clicks], steps),
        targets=tuple(_target(dice[:, clicks], steps, wanted) for wanted in TARGETS),
        seconds=float(np.median(times)),
    )


def _table(objects: Objects, value: Callable[[Row], float]) -> Float[Array, "n t"]:
    if not objects:
        return np.zeros((0, 0))
    return np.array([[value(row) for row in rows] for rows in objects], dtype=np.float64)


def _area(values: Float[Array, "n t"], steps: Sequence[int]) -> float | None:
    if len(steps) < 2 or steps[-1] - steps[0] != len(steps) - 1:
        return None
    return float(np.mean([area_under_curve(scores) for scores in values.tolist()]))


def _target(dice: Float[Array, "n t"], steps: Sequence[int], wanted: float) -> Target:
    places = [clicks_to_reach(scores, wanted) for scores in dice.tolist()]
    needed = [steps[-1] if place is None else steps[place - 1] for place in places]
    reached = np.mean([place is not None for place in places])
    return Target(wanted, float(np.mean(needed)), float(reached))


def _asked(rows: Sequence[Row]) -> list[float]:
    """Seconds of the steps at which a prompt was given."""
    before = [0, *(row.prompts for row in rows)]
    return [row.seconds for row, given in zip(rows, before, strict=False) if row.prompts > given]


def _seconds(times: Iterable[float]) -> Seconds | None:
    values = np.array(list(times))
    if not len(values):
        return None
    return Seconds(float(np.median(values)), float(np.percentile(values, 95)))


def _badness(row: Row) -> tuple[float, float, str, int]:
    return (row.dice, row.nsd, row.case, row.label)
