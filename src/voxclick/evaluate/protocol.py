"""What an evaluation does with each object: who prompts, how often, and what is measured."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from voxclick.engine.growth.kinds import GROWTHS
from voxclick.errors import OptionError
from voxclick.evaluate.case import Target
from voxclick.evaluate.preset import Preset, preset_row
from voxclick.types import Json

GIVEN = "given"
"""Stands for a simulated user: the box that the data set gives with an object."""


@dataclass(frozen=True)
class Protocol:
    """A simulated user, a budget of prompts, and how the masks are judged.

    Attributes:
        user: The simulated user, as `simulate.kinds.make_user` spells it.
        first: Another simulated user for one prompt before the clicks (such as a box), recorded
            as step 0; `given` for the box that the data set holds (where it holds none, nothing
            is said at step 0); none when empty.
        clicks: How many times the user prompts each object.
        tolerance_mm: Distance at which two surfaces still count as one, for the NSD.
        seed: Of everything drawn; the same seed gives the same prompts, whatever the order or
            the number of workers.
        min_voxels: Objects below are skipped and counted.
        labels: Names or numbers of the labels to evaluate; all when empty.
        max_objects: At most so many objects of one case, drawn by the seed; all when None.
        reported: The clicks that the protocol's table shows; all when empty.
        at_once: Begin anew for each of the reported numbers of clicks, and give all of them
            before the mask is looked at.
        targets: `each` label is an object, or all of them `merged` into one.
        together: All objects of a case in one session, where they never overlap, prompted in turn
            at each step; else each in one of its own.
        pipeline: How a case is prepared and its masks are judged, a row of `evaluate.pipeline`.
        budget_s: Seconds of answering after which an object is prompted no more; None for no end.
        growth: How an object is followed past the view, a row of `engine.growth.kinds`; as suits
            the model when empty.
        unseen: Names of the structures (or of their groups) that the model was not trained on.
        name: Of the published protocol that it follows; empty for none.

    Raises:
        OptionError: If a number is out of range, or a choice unknown.
    """

    user: str = "center"
    first: str = ""
    clicks: int = 10
    tolerance_mm: float = 2.0
    seed: int = 0
    min_voxels: int = 100
    labels: tuple[str, ...] = ()
    max_objects: int | None = None
    reported: tuple[int, ...] = ()
    at_once: bool = False
    targets: str = "each"
    together: bool = False
    pipeline: str = ""
    budget_s: float | None = None
    growth: str = ""
    unseen: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        for what, least in (("clicks", 1), ("seed", 0), ("min_voxels", 1), ("max_objects", 1)):
            value = getattr(self, what)
            if value is not None and value < least:
                raise OptionError(f"{what} must be at least {least}, got {value}")
        if not 0 < self.tolerance_mm < float("inf"):
            raise OptionError(f"tolerance_mm must be above 0, got {self.tolerance_mm}")
        if self.budget_s is not None and not 0 < self.budget_s < float("inf"):
            raise OptionError(f"budget_s must be above 0, got {self.budget_s}")
        ways = ["", *(row.name for row in GROWTHS)]
        if self.growth not in ways:
            raise OptionError(
                f"growth must be one of {', '.join(ways[1:])}, got {self.growth!r}; leave it out "
                "for what suits the model"
            )
        if self.targets not in ("each", "merged"):
            raise OptionError(f"targets must be each or merged, got {self.targets!r}")
        wrong = [click for click in self.reported if not 1 <= click <= self.clicks]
        if wrong or (self.at_once and (self.first or self.together or not self.reported)):
            raise OptionError(
                f"reported clicks must lie in 1 to {self.clicks}, and prompts given at once need "
                f"some of them, no first prompt and a session an object, got {self.reported}"
            )

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that are recorded: one a click, from 1, and 0 for the first prompt."""
        if self.at_once:
            return self.reported
        return tuple(range(0 if self.first else 1, self.clicks + 1))

    @property
    def shown(self) -> tuple[int, ...]:
        """The steps that the protocol's table shows."""
        return self.reported or self.steps

    def wants(self, label: int, name: str) -> bool:
        """Whether a label of this number and name is to be evaluated."""
        return not self.labels or name in self.labels or str(label) in self.labels

    def chosen(self, case: str, targets: list[Target]) -> list[Target]:
        """The objects of a case to evaluate: at most `max_objects`, drawn by the seed."""
        if self.max_objects is None or len(targets) <= self.max_objects:
            return targets
        drawn = self.generator(case, 0).permutation(len(targets))[: self.max_objects]
        return [targets[place] for place in sorted(drawn)]

    def generator(self, case: str, label: int) -> np.random.Generator:
        """The random numbers of one object; 0 is for the choice among a case's objects."""
        return np.random.default_rng([self.seed, zlib.crc32(case.encode()), label])

    def to_json(self) -> Json:
        """Its fields as they stand in settings.json, its name as `protocol`, and its leak."""
        fields = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        del fields["name"]
        leak = preset_row(self.name).leak if self.name else ""
        return {"protocol": self.name, "leak": leak, **fields}


def make_protocol(name: str | None, given: Mapping[str, Any]) -> Protocol:
    """A published protocol with what may be chosen of it, or a free one.

    Args:
        name: A row of `evaluate.preset`; None for a protocol of one's own.
        given: Fields of `Protocol` that were asked for.

    Raises:
        UnknownNameError: If there is no such protocol.
        OptionError: If something asked for contradicts it, or is out of range.
    """
    if name is None:
        return Protocol(**given)
    row = preset_row(name)
    for key, value in given.items():
        if not _allowed(row, key, value):
            raise OptionError(_refusal(row, key, value))
    return Protocol(**{**row.settings, **given, "name": row.name})


def _allowed(row: Preset, key: str, value: object) -> bool:
    if key not in row.settings or value == row.settings[key]:
        return True
    if key not in row.free:
        return False
    choices = row.free[key]
    return not choices or str(value).partition(":")[0] in choices


def _refusal(row: Preset, key: str, value: object) -> str:
    flag = f"--{key.replace('_', '-')}"
    kept = row.settings[key]
    told = kept if kept not in ("", ()) else "nothing"
    if row.free.get(key):
        told = f"one of {', '.join(filter(None, row.free[key]))}"
    return (
        f"the protocol {row.name} fixes {flag} to {told}, got {value!r}; leave {flag} out, or "
        "leave --protocol out and choose everything yourself"
    )
