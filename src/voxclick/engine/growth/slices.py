"""Prompt a slice, then go from slice to slice in both directions, each from the memory of others.

Source: Interactive 3D segmentation with SAM 2, arXiv 2408.02635. Ours: both directions start at the
prompted slice and know nothing of each other, a direction ends where the object does, and a
correction goes no farther than to what it changes.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool

from voxclick.engine.growth.sliced import by_slice, depth, tracked_axis
from voxclick.engine.object_state import ObjectState, Record
from voxclick.engine.predict import Model
from voxclick.engine.strategy import Step, Strategy
from voxclick.engine.track import Found, Pass, Track
from voxclick.geometry import Box, Grid
from voxclick.models.base import (
    Embedding,
    Memories,
    SliceAnswer,
    SliceMemory,
    SliceSegmenter,
    SliceTracker,
)
from voxclick.preprocess import View
from voxclick.prompts import MaskPrompt, Prompt
from voxclick.types import Array
from voxclick.volume import Blocks

REACH = 64
"""Slices that an object is followed to either side of a prompt, where no box says how far."""

EMPTY = 3
"""A direction ends after so many slices without the object."""

SAME = 3
"""A correction ends after so many slices that it leaves as they were."""

ALIKE = 0.99
"""Dice of two masks of a slice that are the same."""

AHEAD = 4
"""Slices to either side of the prompted one that are worth encoding ahead."""


class Slices(Strategy):
    """Propagation along one axis of the volume.

    Args:
        steps: Which ways to go: 1 for upwards, -1 for downwards.
        published: Go up to the end first, and let the way down know what was found there, as the
            paper's script does; the result then depends on the order.
    """

    def __init__(self, steps: tuple[int, ...] = (1, -1), published: bool = False) -> None:
        self._steps = steps
        self._published = published

    def answer(self, model: Model, state: ObjectState, record: Record) -> Iterator[Step]:
        """As in `Strategy`.

        The first step answers the slices that the prompt is about; each further one is a slice,
        upwards and downwards in turn, each slice from the prompted slice nearest to it.
        """
        sliced = Sliced(model, state, record, self._published)
        asked = by_slice(record.prompt, sliced.track.axis)
        changed = sliced.start(record.prompt, asked)
        changed = changed.union(sliced.plan(sorted(asked), self._steps))
        yield Step(changed, last=not sliced.ahead)
        while sliced.ahead:
            changed = sliced.visit()
            yield Step(changed, last=not sliced.ahead)

    def likely(self, model: Model, state: ObjectState) -> Iterator[Grid]:
        """As in `Strategy`: the slices next to the prompted ones, nearest first."""
        return beside_prompted(model, state)


class Sliced:
    """One prompt's work on an object's slices.

    Args:
        model: The segmenter on its volume.
        state: The object.
        record: Of the prompt.
        published: Let every slice that was visited speak to those that come.
    """

    def __init__(
        self, model: Model, state: ObjectState, record: Record, published: bool = False
    ) -> None:
        assert isinstance(model.segmenter, SliceSegmenter)
        self._model = model
        self._published = published
        self._segmenter = model.segmenter
        self._state = state
        self._record = record
        grid = model.volume.grid
        axis = tracked_axis(record.prompt, grid)
        self._keep(state.track or Track(axis, grid.shape[axis]))

    def start(self, prompt: Prompt, asked: dict[int, list[Prompt]]) -> Box:
        """Answer the slices that the prompt is about; gives what changed."""
        changed = self.obey()
        limits = depth(prompt, self.track.axis)
        if limits is not None:
            self._keep(self.track.within(limits))
            first, stop = self.track.limits or limits
            for outside in (range(first), range(stop, self.track.count)):
                changed = changed.union(self._clear(outside))
        for number, prompts in sorted(asked.items()):
            changed = changed.union(self.prompt(number, prompts))
        if self.track.limits is not None:
            self._keep(self.track.within(self.track.limits))
        return changed

    def obey(self) -> Box:
        """What the prompt settles by itself, whatever the segmenter says; gives what changed."""
        return self._state.write(Box.EMPTY, np.zeros((0, 0, 0), dtype=np.bool_))

    @property
    def ahead(self) -> tuple[Pass, ...]:
        """The passes that are still to be gone on with; none where the user wants no growth."""
        return self.track.ahead if self._model.widens else ()

    def plan(self, numbers: list[int], steps: tuple[int, ...]) -> Box:
        """Set out from these slices, and go on with what earlier prompts left; gives what changed.

        Each slice is reached from the prompted slice nearest to it. From a slice that says that the
        object is not there nothing sets out: those around it come towards it, and what lies beyond
        it goes.
        """
        numbers = [number for number in self.track.prompted if number in numbers]
        ends = self._ends(numbers)
        left = [one.cut_by(numbers) for one in self.track.ahead if one.since not in numbers]
        planned, changed = [], Box.EMPTY
        for number in numbers:
            if not self.track.found[number].empty:
                planned += self.track.from_slice(number, ends)
                going = {(one.since, one.step) for one in left}
                left += [
                    one
                    for one in self.track.meeting(number, EMPTY)
                    if one.since not in numbers and (one.since, one.step) not in going
                ]
                continue
            planned += self.track.towards_slice(number)
            for beyond in self.track.beyond(number):
                changed = changed.union(self._clear(beyond))
        passes = [one for one in (*planned, *left) if one.step in steps and not one.done]
        passes.sort(key=lambda one: -one.step if self._published else 0)
        self._keep(self.track.going(passes))
        return changed

    def visit(self) -> Box:
        """Track the next slice; gives what changed."""
        assert isinstance(self._segmenter, SliceTracker)
        current, *others = self.track.ahead
        number = current.number
        view, embedding = self._see(number)
        since = None if self._published else current.since
        memories = self.track.memories(number, current.step, since)
        with torch.inference_mode():
            answer = self._segmenter.track(embedding, memories)
            found = Found(answer, self._segmenter.remember(embedding, answer))
        self._keep(self.track.holding(number, found))
        slab = self._slab(range(number, number + 1)).slices
        before = self._state.claim[slab].copy()
        changed = self._write(number, view, embedding, answer)
        current = current.after(found.empty, _alike(before, self._state.claim[slab]))
        if self._published:
            self._keep(self.track.going(others if current.done else [current, *others]))
            return changed
        if current.empty == EMPTY:
            changed = changed.union(self._clear(current.rest))
        elif current.same == SAME:
            current = self.track.farther(current, EMPTY)
        if current.empty < EMPTY and not current.done:
            others.append(current)
        self._keep(self.track.going(others))
        return changed

    def prompt(self, number: int, prompts: list[Prompt]) -> Box:
        """Answer one slice; gives what changed.

        Where there is nothing of the object, a prompt that says what it is not says nothing new: it
        waits there for one that says what it is.
        """
        before = self.track.found.get(number)
        every = (*self.track.said(number), *prompts)
        prompted = before is not None and bool(before.prompts)
        if not prompted and not any(one.positive for one in every) and not self._holds(number):
            self._keep(self.track.waiting_for(number, every))
            return Box.EMPTY
        view, embedding = self._see(number)
        recalls = before is not None and (before.recalls or not before.prompts)
        memories = self.track.around(number) if recalls else None
        with torch.inference_mode():
            answer = self._answer(number, view, embedding, every, memories)
            remembered = self._remembered(embedding, answer)
        self._keep(self.track.holding(number, Found(answer, remembered, every, recalls)))
        return self._write(number, view, embedding, answer)

    def _answer(
        self,
        number: int,
        view: View,
        embedding: Embedding,
        prompts: tuple[Prompt, ...],
        memories: Memories | None,
    ) -> SliceAnswer:
        """The slice's answer: what is drawn last is so; clicks after that correct it."""
        drawn = [place for place, one in enumerate(prompts) if isinstance(one, MaskPrompt)]
        if drawn and drawn[-1] == len(prompts) - 1:
            mask = prompts[-1]
            assert isinstance(mask, MaskPrompt)
            return self._draw(view, embedding, mask.mask.kept)
        clicks = prompts[drawn[-1] + 1 if drawn else 0 :]
        before = self.track.found.get(number)
        previous = None if before is None else before.answer
        if before is None and self._holds(number):
            previous = self._draw(view, embedding, self._state.claim)
        taken = view.take(clicks)
        return self._segmenter.prompt(embedding, taken, previous, memories)

    def _remembered(self, embedding: Embedding, answer: SliceAnswer) -> SliceMemory | None:
        if not isinstance(self._segmenter, SliceTracker):
            return None
        return self._segmenter.remember(embedding, answer)

    def _draw(
        self, view: View, embedding: Embedding, mask: Bool[Array, "i j k"] | Blocks
    ) -> SliceAnswer:
        return self._segmenter.draw(embedding, view.read(mask, self._segmenter.device))

    def _write(self, number: int, view: View, embedding: Embedding, answer: SliceAnswer) -> Box:
        with torch.inference_mode():
            logits = self._segmenter.spread(embedding, answer)
            patch = view.restore(logits, self._slab(range(number, number + 1)))
        return self._state.write(patch.box, (patch.logits > 0).cpu().numpy())

    def _clear(self, numbers: range) -> Box:
        """Take the object off slices behind where it ended."""
        if not any(number in self.track.found for number in numbers):
            return Box.EMPTY
        self._keep(self.track.without(numbers))
        box = self._slab(numbers)
        return self._state.write(box, np.zeros(box.shape, dtype=np.bool_))

    def _see(self, number: int) -> tuple[View, Embedding]:
        grid = self._segmenter.slice_grid(self._model.volume.grid, self.track.axis, number)
        return self._model.cache.embed(self._model.volume, self._segmenter, grid)

    def _holds(self, number: int) -> bool:
        """Whether the object has voxels on a slice."""
        return bool(self._state.claim[self._slab(range(number, number + 1)).slices].any())

    def _ends(self, numbers: list[int]) -> tuple[int, int]:
        """The slices that are looked at: those of the box, or so many to either side."""
        if self.track.limits is not None:
            return self.track.limits
        if self._published:
            return 0, self.track.count
        if not numbers:
            return 0, 0
        low, high = numbers[0] - REACH, numbers[-1] + REACH + 1
        return max(0, low), min(self.track.count, high)

    def _slab(self, numbers: range) -> Box:
        shape = self._model.volume.grid.shape
        start, stop = [0, 0, 0], list(shape)
        start[self.track.axis], stop[self.track.axis] = numbers.start, numbers.stop
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def _keep(self, track: Track) -> None:
        self.track = self._state.track = self._record.track_after = track


def beside_prompted(model: Model, state: ObjectState) -> Iterator[Grid]:
    """The views of an object's prompted slices and of those next to them, nearest first."""
    track, segmenter = state.track, model.segmenter
    assert isinstance(segmenter, SliceSegmenter)
    if track is None:
        return
    for away in range(AHEAD + 1):
        for number in track.prompted:
            for place in {number - away, number + away}:
                if 0 <= place < track.count:
                    yield segmenter.slice_grid(model.volume.grid, track.axis, place)


UPWARDS = partial(Slices, steps=(1,))
DOWNWARDS = partial(Slices, steps=(-1,))
PUBLISHED = partial(Slices, published=True)
"""Variants by which the paper's experiments are repeated."""


def _alike(one: Bool[Array, "i j k"], other: Bool[Array, "i j k"]) -> bool:
    total = int(one.sum()) + int(other.sum())
    return total == 0 or 2 * int((one & other).sum()) >= ALIKE * total
