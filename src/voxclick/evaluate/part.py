"""The numbers of some of the objects: of one structure, one group, one size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from voxclick.evaluate.interval import interval_of
from voxclick.evaluate.results import Row
from voxclick.metrics.interaction import area_under_curve, clicks_to_reach
from voxclick.types import Array

TARGETS = (0.8, 0.9)

Objects = Sequence[Sequence[Row]]
"""The rows of each object, by step."""


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
        dice_low: Lower end of the 95 % interval of `dice_last`, by drawing cases; None for one
            case.
        dice_high: Upper end.
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
    dice_low: float | None = None
    dice_high: float | None = None


def parts_by(objects: Objects, key: Callable[[Row], str]) -> tuple[Part, ...]:
    """The objects in parts by something of their rows, in its order."""
    members: dict[str, list[Sequence[Row]]] = {}
    for rows in objects:
        members.setdefault(key(rows[0]), []).append(rows)
    return tuple(part_of(name, members[name]) for name in sorted(members))


def part_of(name: str, objects: Objects) -> Part:
    """The numbers of some objects, at least one, all of the same steps."""
    dice = table_of(objects, lambda row: row.dice)
    nsd = table_of(objects, lambda row: row.nsd)
    clicks = np.array([row.step > 0 for row in objects[0]])
    steps = [row.step for row in objects[0] if row.step > 0]
    (low,), (high,) = interval_of(dice[:, -1:], [rows[0].case for rows in objects])
    times = [time for rows in objects for time in asked_seconds(rows)]
    return Part(
        name=name,
        objects=len(objects),
        dice_first=float(dice[:, 0].mean()),
        dice_last=float(dice[:, -1].mean()),
        nsd_last=float(nsd[:, -1].mean()),
        dice_auc=_area(dice[:, clicks], steps),
        nsd_auc=_area(nsd[:, clicks], steps),
        targets=tuple(_target(dice[:, clicks], steps, wanted) for wanted in TARGETS),
        seconds=float(np.median(times)) if times else 0.0,
        dice_low=low,
        dice_high=high,
    )


def table_of(objects: Objects, value: Callable[[Row], float]) -> Float[Array, "n t"]:
    """A value of each object at each step."""
    if not objects:
        return np.zeros((0, 0))
    return np.array([[value(row) for row in rows] for rows in objects], dtype=np.float64)


def asked_seconds(rows: Sequence[Row]) -> list[float]:
    """Seconds of the steps at which a prompt was given."""
    before = [0, *(row.prompts for row in rows)]
    return [row.seconds for row, given in zip(rows, before, strict=False) if row.prompts > given]


def _area(values: Float[Array, "n t"], steps: Sequence[int]) -> float | None:
    if len(steps) < 2 or steps[-1] - steps[0] != len(steps) - 1:
        return None
    return float(np.mean([area_under_curve(scores) for scores in values.tolist()]))


def _target(dice: Float[Array, "n t"], steps: Sequence[int], wanted: float) -> Target:
    places = [clicks_to_reach(scores, wanted) for scores in dice.tolist()]
    needed = [steps[-1] if place is None else steps[place - 1] for place in places]
    reached = np.mean([place is not None for place in places])
    return Target(wanted, float(np.mean(needed)), float(reached))
