"""Which volume and which object each sample is drawn from, and how long that takes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from voxclick.errors import InputError, OptionError
from voxclick.train.order import VisitOrder
from voxclick.train.settings import EpochSettings
from voxclick.train.volumes import SMALLEST, Held, Volumes
from voxclick.types import Array


class Visits:
    """The volumes of a run, visited in epochs.

    Args:
        settings: Epochs, samples and structures.
        data: Folder of labelled volumes, or the volumes.
        processes: How many take part.
        names: Cases to visit; all when None.

    Attributes:
        volumes: All that the settings choose, visited or not.

    Raises:
        OptionError: If there is no folder, or no case in it is left.
    """

    def __init__(
        self,
        settings: EpochSettings,
        data: Path | Volumes | None,
        processes: int,
        names: Sequence[str] | None = None,
    ) -> None:
        if data is None:
            raise OptionError("this recipe needs labelled volumes, got none; give them with --data")
        self._settings, self._processes = settings, processes
        if isinstance(data, Path):
            data = Volumes(data, settings.include, settings.exclude)
        self.volumes = data
        visited = self.volumes.names if names is None else names
        self._order = VisitOrder(visited, settings.samples_per_volume, settings.seed)
        self._in_step = settings.batch * settings.accumulate
        self.steps_per_epoch = -(-self._order.length // (self._in_step * processes))

    @property
    def steps(self) -> int:
        """Those of all epochs."""
        return self._settings.epochs * self.steps_per_epoch

    def epoch(self, step: int) -> int:
        """The epoch of a step, from 0."""
        return step // self.steps_per_epoch

    def turn(self, step: int, rank: int, number: int) -> tuple[Held, np.random.Generator]:
        """The volume of a sample, and where its randomness comes from."""
        overall = (step * self._processes + rank) * self._in_step + number
        generator = np.random.default_rng((self._settings.seed, step, rank, number))
        return self.volumes.held(self._order.name(overall)), generator

    def place(self, held: Held, generator: np.random.Generator) -> tuple[int, Float[Array, "3"]]:
        """The label of one of the objects of a volume, and a voxel of it.

        Raises:
            InputError: If no wanted object is large enough.
        """
        wanted = self._settings.structures
        labels = [each for each, name in held.names.items() if not wanted or name in wanted]
        if not labels:
            raise InputError(
                f"volumes need a wanted structure of at least {SMALLEST} voxels, {held.name} has "
                f"none but {', '.join(held.names.values()) or 'nothing'}; leave it out with exclude"
            )
        label = labels[int(generator.integers(len(labels)))]
        places = held.places[label]
        return label, places[int(generator.integers(len(places)))].astype(np.float64)
