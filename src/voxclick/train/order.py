"""In which order the volumes of a data set are visited."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TOGETHER = 12
"""Volumes whose patches are mixed: each is read once an epoch, and a batch still holds several."""


@dataclass(frozen=True)
class VisitOrder:
    """Passes over all volumes, each of them as many times as patches are wanted of it.

    Attributes:
        names: Of the volumes.
        times: Patches of each in an epoch.
        seed: Of the order, which is another at each epoch.
    """

    names: Sequence[str]
    times: int
    seed: int

    @property
    def length(self) -> int:
        """Patches in an epoch."""
        return len(self.names) * self.times

    def name(self, number: int) -> str:
        """The volume of the patch of that number, counted from the first epoch on."""
        epoch, place = divmod(number, self.length)
        shuffled = np.random.default_rng((self.seed, epoch)).permutation(len(self.names))
        size = TOGETHER * self.times
        group = shuffled[TOGETHER * (place // size) :][:TOGETHER]
        mixed = np.random.default_rng((self.seed, epoch, place // size)).permutation(
            np.repeat(group, self.times)
        )
        return self.names[int(mixed[place % size])]
