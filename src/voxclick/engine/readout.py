"""What can be read from a session: masks and label maps, the log, where an object lies."""

import threading
from abc import ABC

import numpy as np
from jaxtyping import UInt16

from voxclick.engine.ownership import Ownership
from voxclick.engine.portion import portions
from voxclick.engine.track import LOST, SliceScores
from voxclick.geometry import Box, Grid
from voxclick.prompts import PromptLog
from voxclick.types import Array
from voxclick.volume import LabelMap, Mask, Volume


class Readout(ABC):
    """The half of a session that changes nothing.

    Attributes:
        volume: What is segmented.
    """

    volume: Volume
    _objects: Ownership
    _lock: threading.RLock

    @property
    def grid(self) -> Grid:
        """The volume's grid, on which every result lies."""
        return self.volume.grid

    @property
    def current(self) -> str:
        """Name of the object that the next prompt goes to."""
        with self._lock:
            return self._objects.state().name

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of all objects, in the order they were opened."""
        return tuple(state.name for state in self._objects.states)

    @property
    def log(self) -> PromptLog:
        """Every prompt in force, of every object."""
        with self._lock:
            return PromptLog(tuple(state.log for state in self._objects.states), self.grid)

    def scores(self, name: str | None = None) -> SliceScores | None:
        """How sure the model is of each slice of an object: where to look next.

        None for an object that is not found slice by slice, and after many prompts were taken back
        until the next one.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            track = self._objects.state(name).track
            return None if track is None or track is LOST else track.scores()

    def mask(self, name: str | None = None) -> Mask:
        """The mask of an object, the current one when None; a copy.

        Of a large volume it is kept in blocks, and `array` is made where it is asked for.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            own = self._objects.mask(self._objects.state(name))
            return Mask(own, self.grid, self.volume.source)

    def labels(self, box: Box) -> UInt16[Array, "i j k"]:
        """The label numbers inside a box of the volume, 0 for none; a copy.

        As in `labelmap`, at the cost of the box alone.
        """
        with self._lock:
            return self._objects.labels(box.intersection(self.grid.box))

    def extent(self, name: str | None = None) -> Box:
        """A box that holds every voxel of an object, not the smallest; empty for no voxel.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            return self._objects.state(name).bounds

    def voxels(self, name: str | None = None) -> int:
        """Number of voxels of an object, without making its mask.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            state = self._objects.state(name)
            counts = (
                int(np.count_nonzero(self._objects.visible(state, part)))
                for part in portions(state.bounds)
            )
            return sum(counts)

    def steps(self, name: str | None = None) -> tuple[int, int]:
        """How many prompts of an object can be undone, and how many redone.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            state = self._objects.state(name)
            return len(state.done), len(state.undone)

    def labelmap(self) -> LabelMap:
        """All objects as one label map; where they may overlap, the one opened last is on top."""
        with self._lock:
            names = {state.label: state.name for state in self._objects.states}
            kind = np.min_scalar_type(max(names, default=0))
            return LabelMap(self._objects.labelmap(kind), self.grid, names, self.volume.source)
