"""The objects of a session, and which of them each voxel belongs to."""

import numpy as np
from jaxtyping import Bool, UInt
from numpy.typing import DTypeLike

from voxclick.engine import overlap as overlaps
from voxclick.engine.object_state import ObjectState
from voxclick.engine.portion import HELD, PORTION
from voxclick.errors import OptionError, UnknownNameError
from voxclick.geometry import Box, Grid
from voxclick.types import Array
from voxclick.volume.blocks import Blocks, blank
from voxclick.volume.packing import pack_bits

MAX_LABEL = 65535


class Ownership:
    """A session's objects by name; one of them is current.

    Args:
        grid: The volume's grid.
        overlap: Who gets a voxel that several claim.
    """

    def __init__(self, grid: Grid, overlap: str) -> None:
        self._grid = grid
        self._overlap = overlaps.overlap_rule(overlap)
        self._states: dict[str, ObjectState] = {}
        self._current = ""
        self._labels: Array | Blocks | None = None

    @property
    def states(self) -> tuple[ObjectState, ...]:
        """All objects, in the order they were opened."""
        return tuple(self._states.values())

    def find(self, name: str | None) -> ObjectState | None:
        """The object of that name, the current one for None; None if it was never opened."""
        return self._states.get(self._current if name is None else name)

    def state(self, name: str | None = None) -> ObjectState:
        """The object of that name; for None the current one, opened if there is none.

        Raises:
            UnknownNameError: If no object has that name.
        """
        found = self.find(name)
        if found is not None:
            return found
        if name is None:
            return self.open(None, None)
        known = ", ".join(self._states) or "none yet"
        raise UnknownNameError(f"an object must be one of {known}, got {name!r}")

    def open(self, name: str | None, label: int | None) -> ObjectState:
        """Make an object the current one, opening it if it is new.

        Raises:
            OptionError: If the label is taken, or not from 1 to 65535, or the object has another.
        """
        taken = {state.label: state.name for state in self._states.values()}
        known = self._states.get(name) if name is not None else None
        if known is not None:
            if label not in (None, known.label):
                raise OptionError(f"the object {name!r} has the label {known.label}, got {label}")
            self._current = known.name
            return known
        number = max(taken, default=0) + 1 if label is None else int(label)
        if number in taken or not 1 <= number <= MAX_LABEL:
            raise OptionError(
                f"a new object needs a free label from 1 to {MAX_LABEL}, got {number}; "
                f"taken: {sorted(taken)}"
            )
        chosen = name if name is not None else f"object_{number}"
        if chosen in self._states:
            raise OptionError(f"a new object needs a name of its own, got {chosen!r} again")
        state = self._states[chosen] = ObjectState(chosen, number, self._grid)
        self._current = chosen
        return state

    def rename(self, old: str, new: str) -> None:
        """Give an object another name; it keeps its place, its label and whether it is current.

        Raises:
            UnknownNameError: If there is no object of the old name.
            OptionError: If the new one is empty, or another object's.
        """
        state = self.state(old)
        if not new or (new != old and new in self._states):
            raise OptionError(f"an object needs a name of its own, got {new!r}")
        state.name = new
        self._states = {one.name: one for one in self.states}
        self._current = new if self._current == old else self._current

    def drop(self, state: ObjectState) -> Box:
        """Delete an object; gives what looks different.

        If it was the current one, the one opened last becomes it.
        """
        box = state.bounds
        del self._states[state.name]
        if self._current == state.name:
            self._current = next(reversed(self._states), "")
        if len(self._states) < 2:
            self._labels = None  # one object owns what it claims
        elif self._labels is not None:
            overlaps.assign(self._labels, box, self.states, self._grid, self._overlap)
        return box

    def labels(self, box: Box, kind: DTypeLike = np.uint16) -> UInt[Array, "i j k"]:
        """The label numbers inside a box; where objects may overlap, the one opened last."""
        if self._labels is not None and self._overlap != "allow":
            own: Array = self._labels[box.slices].astype(kind)
            return own
        found = np.zeros(box.shape, dtype=kind)
        for state in self.states:
            part = state.bounds.intersection(box)
            start = box.start
            within = part.shifted((-start[0], -start[1], -start[2]))
            found[within.slices][state.claim[part.slices]] = state.label
        return found

    def labelmap(self, kind: DTypeLike) -> UInt[Array, "i j k"] | Blocks:
        """The label numbers of the whole volume, as `labels` gives them; a copy."""
        found = blank(self._grid.shape, kind)
        if not isinstance(found, Blocks):
            return self.labels(self._grid.box, kind)
        if isinstance(self._labels, Blocks) and self._overlap != "allow":
            return self._labels.typed(kind)
        for state in self.states:
            for unit in found.units(state.bounds):
                found[unit.slices] = self.labels(unit, kind)
        return found

    def mask(self, state: ObjectState) -> Bool[Array, "i j k"] | Blocks:
        """The voxels of the whole volume that are the object's own; a copy."""
        claim, labels = state.claim, self._labels
        if isinstance(claim, Blocks):
            if isinstance(labels, Blocks) and self._overlap != "allow":
                return labels.where(state.label)
            return claim.copy()
        return self.visible(state, self._grid.box).copy()

    def settle(self, state: ObjectState, changed: Box) -> Box:
        """Decide anew who owns what after an object's claim changed; gives what looks different."""
        if self._overlap == "allow" or len(self._states) == 1:
            return changed
        if self._labels is None:
            self._labels = blank(self._grid.shape, np.uint16)
            for other in self.states:
                overlaps.assign(self._labels, other.bounds, self.states, self._grid, self._overlap)
        area = overlaps.affected(changed, state, self.states)
        if area.empty:
            return changed
        moved = overlaps.assign(self._labels, area, self.states, self._grid, self._overlap)
        return changed.union(moved)

    def visible(self, state: ObjectState, box: Box) -> Bool[Array, "i j k"]:
        """The voxels of `box` that are the object's own; may be a view of its claim."""
        if self._labels is None or self._overlap == "allow":
            claimed: Array = state.claim[box.slices]
            return claimed
        owned: Array = self._labels[box.slices] == state.label
        return owned

    def bits(self, state: ObjectState, box: Box) -> bytes:
        """The object's own voxels of `box` as packed bits."""
        if box.voxels <= HELD:
            return b"" if box.empty else pack_bits(self.visible(state, box))
        slabs = box.slabs(PORTION, multiple=8)  # each but the last fills whole bytes
        return b"".join(pack_bits(self.visible(state, slab)) for slab in slabs)

    def unobeyed(self, state: ObjectState) -> tuple[str, ...]:
        """Why voxels that the object was prompted with are not its own; empty when all are."""
        if self._labels is None or self._overlap == "allow":
            return ()
        i, j, k = state.seeds().T
        owners = np.unique(self._labels[i, j, k][state.claim[i, j, k]])
        names = {other.label: other.name for other in self._states.values()}
        return tuple(
            f"some voxels marked as {state.name!r} stay with {names[int(label)]!r}, which was "
            f"prompted there too; take a prompt back in one of the two"
            for label in owners
            if label not in (0, state.label)
        )
