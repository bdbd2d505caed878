"""One object of a session: what its prompts claim, and the way back through them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
from jaxtyping import Bool, Int

from voxclick.engine.obey import Mark
from voxclick.engine.portion import HELD, portions
from voxclick.engine.track import LOST, Track
from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, ObjectLog, Point, Prompt, Scribble, Step
from voxclick.types import Array
from voxclick.volume.blocks import Blocks, blank
from voxclick.volume.packing import pack_bits, unpack_bits

HISTORY_BYTES = 1 << 28
"""What the tracks of prompts that were given before may hold, for each object."""

NO_SEEDS = np.zeros((0, 3), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Look:
    """The view that an object was last seen through."""

    grid: Grid
    level: int


@dataclass(frozen=True)
class Delta:
    """The voxels that one update flipped: their box, and packed bits, compressed."""

    box: Box
    flipped: bytes

    def bits(self) -> Bool[Array, "i j k"]:
        """True where the update flipped the mask, inside `box`."""
        return unpack_bits(zlib.decompress(self.flipped), self.box.shape)


@dataclass(eq=False)
class Record:
    """One prompt with what it did: enough to take it back and to do it again."""

    prompt: Prompt
    order: int
    look_before: Look | None
    bounds_before: Box
    look_after: Look | None = None
    bounds_after: Box = Box.EMPTY
    track_before: Track | None = None
    track_after: Track | None = None
    deltas: list[Delta] = field(default_factory=list)
    refinements: int = 0
    complete: bool = False

    @cached_property
    def mark(self) -> Mark:
        """What the prompt settles."""
        return Mark.of(self.prompt)

    @cached_property
    def seeds(self) -> Int[Array, "n 3"]:
        """The voxels that the prompt puts forward as the object's own."""
        return _seeds(self.prompt)

    def step(self) -> Step:
        """The prompt as the log keeps it."""
        return Step(self.prompt, self.order, None if self.complete else self.refinements)


class ObjectState:
    """What one object's prompts claim; the session decides who gets what several claim.

    Attributes:
        name: Unique in the session.
        label: Its number in label maps.
        claim: Bool `[i, j, k]` on the volume's grid, in blocks for a large one; read it, never
            write it.
        bounds: A box that holds every true voxel of `claim`.
        look: The view that the object was last seen through.
        track: What is known of its slices, where it is found slice by slice; `LOST` after many
            prompts were taken back.
        done: Prompts in force, oldest first.
        undone: Prompts taken back, the next to redo last.
    """

    def __init__(self, name: str, label: int, grid: Grid) -> None:
        self.name = name
        self.label = label
        self.claim: Bool[Array, "i j k"] | Blocks = blank(grid.shape)
        self.bounds = Box.EMPTY
        self.look: Look | None = None
        self.track: Track | None = None
        self.done: list[Record] = []
        self.undone: list[Record] = []

    @property
    def prompts(self) -> list[Prompt]:
        """The prompts in force, oldest first."""
        return [record.prompt for record in self.done]

    @property
    def log(self) -> ObjectLog:
        """The prompts in force as the log keeps them."""
        return ObjectLog(self.name, self.label, tuple(record.step() for record in self.done))

    def begin(self, prompt: Prompt, order: int) -> Record:
        """Put a prompt in force; what can be redone is forgotten."""
        record = Record(prompt, order, self.look, self.bounds, self.look, self.bounds)
        record.track_before = record.track_after = self.track
        self.done.append(record)
        self.undone.clear()
        self._let_go()
        return record

    def write(self, box: Box, mask: Bool[Array, "i j k"]) -> Box:
        """Replace the claim inside `box`, with every prompt obeyed; gives what changed.

        It is part of what the newest prompt did, which may settle voxels outside `box` too.
        """
        marked = self.done[-1].mark.box
        settled = box.union(marked)
        areas = (settled,) if settled.voxels <= HELD else (box, marked)
        changed = Box.EMPTY
        for part in chain.from_iterable(portions(area) for area in areas):
            whole = self.claim[part.slices].copy()
            common = part.intersection(box)
            if not common.empty:
                whole[_within(common, part)] = mask[_within(common, box)]
            for record in self.done:
                record.mark.apply(whole, part)
            changed = changed.union(self._replace(part, whole))
        return changed

    def _let_go(self) -> None:
        """Lose the tracks of the oldest prompts, so that history holds so much at most."""
        held = 0
        counted: set[int] = set()
        for record in self.done[-2::-1]:
            if held <= HISTORY_BYTES and record.track_before is not None:
                new = [one for one in record.track_before.found.values() if id(one) not in counted]
                counted.update(map(id, new))
                held += sum(one.nbytes for one in new)
            if held > HISTORY_BYTES:
                record.track_before = record.track_after = LOST

    def _replace(self, box: Box, mask: Bool[Array, "i j k"]) -> Box:
        flipped = self.claim[box.slices] ^ mask
        tight = Box.of_mask(flipped)
        if tight.empty:
            return Box.EMPTY
        changed = tight.shifted(box.start)
        bits = np.ascontiguousarray(flipped[tight.slices])
        self.claim[changed.slices] ^= bits
        record = self.done[-1]
        record.deltas.append(Delta(changed, zlib.compress(pack_bits(bits), 1)))
        self.bounds = record.bounds_after = self.bounds.union(changed)
        return changed

    def undo(self) -> Box:
        """Take the newest prompt back; gives what changed."""
        record = self.done.pop()
        self.undone.append(record)
        changed = self._flip(reversed(record.deltas))
        self.look, self.bounds = record.look_before, record.bounds_before
        self.track = record.track_before
        return changed

    def redo(self) -> Box:
        """Do the prompt last taken back again; gives what changed."""
        record = self.undone.pop()
        self.done.append(record)
        changed = self._flip(iter(record.deltas))
        self.look, self.bounds = record.look_after, record.bounds_after
        self.track = record.track_after
        return changed

    def forget(self) -> None:
        """Take the newest prompt back for good."""
        self.undo()
        self.undone.pop()

    def rewind(self, place: int) -> tuple[Box, list[Record]]:
        """Take back the prompt at a place and all later ones; what was undone is forgotten.

        Returns:
            What changed, and their records, oldest first, for `restore`.
        """
        changed, later = Box.EMPTY, self.done[place:]
        while len(self.done) > place:
            changed = changed.union(self.undo())
        self.undone.clear()
        return changed, later

    def restore(self, place: int, later: list[Record]) -> None:
        """Put back what `rewind` took back; what came since at that place is forgotten."""
        self.rewind(place)
        self.undone = later[::-1]
        while self.undone:
            self.redo()

    def seeds(self) -> Int[Array, "n 3"]:
        """The voxels that its positive prompts put forward as the object's own."""
        return np.concatenate([NO_SEEDS, *(record.seeds for record in self.done)])

    def _flip(self, deltas: Iterator[Delta]) -> Box:
        changed = Box.EMPTY
        for delta in deltas:
            self.claim[delta.box.slices] ^= delta.bits()
            changed = changed.union(delta.box)
        return changed


def _within(part: Box, whole: Box) -> tuple[slice, slice, slice]:
    i, j, k = whole.start
    return part.shifted((-i, -j, -k)).slices


def _seeds(prompt: Prompt) -> Int[Array, "n 3"]:
    if not prompt.positive:
        return NO_SEEDS
    if isinstance(prompt, Point | Scribble | Lasso):
        return prompt.voxels()
    if isinstance(prompt, MaskPrompt) and prompt.slices:
        return prompt.voxels()
    if isinstance(prompt, BoxPrompt):
        box = prompt.region
        middle: Array = (np.array([box.start]) + np.array([box.stop]) - 1) // 2
        return middle
    return NO_SEEDS
