"""What an evaluation does with each object: who prompts, how often, and what is measured."""

import zlib
from dataclasses import asdict, dataclass

import numpy as np

from voxclick.errors import OptionError
from voxclick.evaluate.case import Target
from voxclick.types import Json


@dataclass(frozen=True)
class Protocol:
    """A simulated user, a budget of prompts, and how the masks are judged.

    Attributes:
        user: Name of the simulated user, a row of `simulate.kinds`.
        first: Name of another simulated user for one prompt before the clicks (such as a box),
            recorded as step 0; none when empty.
        clicks: How many times the user prompts each object.
        tolerance_mm: Distance at which two surfaces still count as one, for the NSD.
        seed: Of everything drawn; the same seed gives the same prompts, whatever the order or
            the number of workers.
        min_voxels: Objects below are skipped and counted.
        labels: Names or numbers of the labels to evaluate; all when empty.
        max_objects: At most so many objects of one case, drawn by the seed; all when None.

    Raises:
        OptionError: If a number is out of range.
    """

    user: str = "center"
    first: str = ""
    clicks: int = 10
    tolerance_mm: float = 2.0
    seed: int = 0
    min_voxels: int = 100
    labels: tuple[str, ...] = ()
    max_objects: int | None = None

    def __post_init__(self) -> None:
        for what, least in (("clicks", 1), ("seed", 0), ("min_voxels", 1), ("max_objects", 1)):
            value = getattr(self, what)
            if value is not None and value < least:
                raise OptionError(f"{what} must be at least {least}, got {value}")
        if not 0 < self.tolerance_mm < float("inf"):
            raise OptionError(f"tolerance_mm must be above 0, got {self.tolerance_mm}")

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that are recorded: one a click, from 1, and 0 for the first prompt."""
        return tuple(range(0 if self.first else 1, self.clicks + 1))

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
        """Its fields as they stand in settings.json."""
        return {**asdict(self), "labels": list(self.labels)}
