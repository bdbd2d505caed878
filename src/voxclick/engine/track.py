"""What is known of an object that is found slice by slice: a value, made anew at each step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from voxclick.models.base import Memories, SliceAnswer, SliceMemory
from voxclick.prompts import Prompt

NEAREST = 4
"""Slices with prompts that speak to another slice at most; the cost of a slice grows with each.

Source: the default of SAM 3's video predictor, `max_cond_frame_num`.
"""


@dataclass(frozen=True, eq=False)
class Found:
    """The object on one slice.

    Attributes:
        answer: What the family said.
        memory: What it tells other slices; None from a family that keeps none.
        prompts: Those of this very slice, on the volume's grid, oldest first; empty on a slice that
            was only tracked.
        recalls: Whether it was tracked before it was prompted, so that its prompts correct what
            other slices say of it.
    """

    answer: SliceAnswer
    memory: SliceMemory | None = None
    prompts: tuple[Prompt, ...] = ()
    recalls: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of what was found and what is remembered."""
        return self.answer.logits.nbytes + (0 if self.memory is None else self.memory.nbytes)

    @property
    def empty(self) -> bool:
        """Whether nothing of the object is on the slice."""
        return not bool((self.answer.logits > 0).any())


@dataclass(frozen=True)
class Pass:
    """One direction from one slice with prompts, and how far it has come.

    Attributes:
        since: The slice with prompts.
        step: 1 for upwards, -1 for downwards.
        number: The slice to visit next.
        stop: The first slice that is not visited.
        empty: Slices without the object, up to here.
        same: Slices that stayed as they were, up to here.
        settles: Whether it may end where slices stay as they were.
    """

    since: int
    step: int
    number: int
    stop: int
    empty: int = 0
    same: int = 0
    settles: bool = True

    @property
    def done(self) -> bool:
        """Whether there is nothing more to visit."""
        return (self.stop - self.number) * self.step <= 0

    @property
    def way(self) -> range:
        """The slices not visited yet, the next one first."""
        return range(self.number, self.stop, self.step)

    @property
    def rest(self) -> range:
        """The slices not visited yet, ascending."""
        return self.way[:: self.step]

    def after(self, empty: bool, same: bool) -> "Pass":
        """The pass one slice on.

        Args:
            empty: Whether the object is not on the slice visited.
            same: Whether the mask of that slice stayed as it was.
        """
        return replace(
            self,
            number=self.number + self.step,
            empty=self.empty + 1 if empty else 0,
            same=self.same + 1 if same and self.settles else 0,
        )

    def within(self, limits: tuple[int, int]) -> "Pass":
        """The pass with its end inside `start <= number < stop`."""
        first, stop = limits
        if self.step > 0:
            return replace(self, stop=min(self.stop, stop))
        return replace(self, stop=max(self.stop, first - 1))

    def cut_by(self, numbers: list[int]) -> "Pass":
        """The pass with its end half way to the nearest of other slices with prompts."""
        ends = [_halfway(self.since, number) for number in numbers if self._faces(number)]
        stop = self.stop
        if self.step > 0:
            return replace(self, stop=min([stop, *ends]))
        return replace(self, stop=max([stop, *(end - 1 for end in ends)]))

    def _faces(self, number: int) -> bool:
        return (number - self.since) * self.step > 0


@dataclass(frozen=True)
class SliceScores:
    """How sure a model is of an object, slice by slice.

    Attributes:
        axis: The slices are perpendicular to it.
        numbers: Of the slices that were looked at, ascending.
        quality: How well the model thinks that its mask fits each of them, 0 to 1; low where a
            look, and perhaps a click, pays most.
        prompted: Which of them have prompts.
    """

    axis: int
    numbers: tuple[int, ...]
    quality: tuple[float, ...]
    prompted: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Track:
    """An object's slices along one axis.

    Attributes:
        axis: Slices are perpendicular to it.
        count: Slices of the volume.
        limits: The object is looked for on slices `start <= number < stop` only, where a box says
            so; None for wherever it goes.
        found: By number, those with prompts and those that were tracked.
        ahead: What is still to be visited: a prompt that came in between left it.
        waiting: By number, prompts that only say what the object is not, where nothing of it is.
    """

    axis: int
    count: int
    limits: tuple[int, int] | None = None
    found: Mapping[int, Found] = field(default_factory=dict)
    ahead: tuple[Pass, ...] = ()
    waiting: Mapping[int, tuple[Prompt, ...]] = field(default_factory=dict)

    @property
    def prompted(self) -> list[int]:
        """Numbers of the slices with prompts, ascending."""
        return sorted(number for number, one in self.found.items() if one.prompts)

    def holding(self, number: int, found: Found) -> "Track":
        """The track with one slice set anew."""
        return replace(self, found={**self.found, number: found})

    def said(self, number: int) -> tuple[Prompt, ...]:
        """The prompts of a slice so far, oldest first."""
        found = self.found.get(number)
        known = found.prompts if found is not None else ()
        return known or self.waiting.get(number, ())

    def waiting_for(self, number: int, prompts: tuple[Prompt, ...]) -> "Track":
        """The track with prompts of a slice that wait for one that says what the object is."""
        return replace(self, waiting={**self.waiting, number: prompts})

    def without(self, numbers: range) -> "Track":
        """The track that knows nothing of some slices."""
        kept = {number: one for number, one in self.found.items() if number not in numbers}
        return replace(self, found=kept)

    def within(self, limits: tuple[int, int]) -> "Track":
        """The track with other limits, wide enough for every slice with prompts."""
        first = min([limits[0], *self.prompted])
        stop = max([limits[1], *(number + 1 for number in self.prompted)])
        passes = [one.within((first, stop)) for one in self.ahead]
        return replace(self, limits=(first, stop), ahead=tuple(passes))

    def going(self, passes: Sequence[Pass]) -> "Track":
        """The track with other passes ahead, the next one first."""
        return replace(self, ahead=tuple(passes))

    def from_slice(self, number: int, ends: tuple[int, int]) -> list[Pass]:
        """Both directions from a slice, half way to the next ones with prompts or to the ends.

        All the way to those that say that the object is not there: from them nothing comes.

        Args:
            number: The slice.
            ends: The first slice that may be visited, and the first beyond.
        """
        below, above = self._beside(number)
        first = min(ends[0], number) if below is None else self._border(below, number)
        stop = max(ends[1], number + 1) if above is None else self._border(number, above)
        return [Pass(number, 1, number + 1, stop), Pass(number, -1, number - 1, first - 1)]

    def meeting(self, number: int, empty: int) -> list[Pass]:
        """From the slices with prompts on either side, what is left of the first half of the way.

        Args:
            number: The slice.
            empty: Slices without the object after which a pass ends.
        """
        below, above = self._beside(number)
        found = []
        if below is not None and not self.found[below].empty:
            found.append(Pass(below, 1, below + 1, _halfway(below, number)))
        if above is not None and not self.found[above].empty:
            found.append(Pass(above, -1, above - 1, _halfway(number, above) - 1))
        return [self.farther(one, empty) for one in found]

    def farther(self, one: Pass, empty: int) -> Pass:
        """A pass that leaves slices as they were, from where there is something new to visit.

        That is the first slice that nobody visited, as where a pass was cut short; it is done where
        there is none, or where an earlier pass ended.

        Args:
            one: The pass.
            empty: Slices without the object after which a pass ends.
        """
        new = next((n for n in one.way if n not in self.found), None)
        before = [] if new is None else [new - one.step * n for n in range(1, empty + 1)]
        if new is None or all(n in self.found and self.found[n].empty for n in before):
            return replace(one, number=one.stop)
        return replace(one, number=new, same=0)

    def towards_slice(self, number: int) -> list[Pass]:
        """From the slices with prompts on either side, the second half of the way to this one."""
        below, above = self._beside(number)
        found = []
        if below is not None:
            found.append(Pass(below, 1, _halfway(below, number), number, settles=False))
        if above is not None:
            start = _halfway(number, above) - 1
            found.append(Pass(above, -1, start, number, settles=False))
        return found

    def beyond(self, number: int) -> list[range]:
        """The slices on either side of this one behind which no other has prompts."""
        below, above = self._beside(number)
        found = []
        if below is None:
            found.append(range(number))
        if above is None:
            found.append(range(number + 1, self.count))
        return found

    def scores(self) -> SliceScores:
        """How sure the family is of each slice."""
        numbers = sorted(self.found)
        quality = [float(self.found[number].answer.quality) for number in numbers]
        return SliceScores(
            self.axis,
            tuple(numbers),
            tuple(min(max(one, 0.0), 1.0) for one in quality),
            tuple(self.prompted),
        )

    def memories(self, index: int, step: int, since: int | None) -> Memories:
        """What speaks to a slice that is visited from a slice with prompts.

        Those of the nearest slices with prompts, or of all of them where all that were visited
        speak, too.

        Args:
            index: The slice.
            step: 1 for upwards, -1 for downwards.
            since: Number of the slice with prompts: only slices on the way from there count as
                visited, so that neither direction depends on the other. None: all that were.
        """
        nearest = sorted(self.prompted, key=lambda number: (abs(number - index), number))
        nearest = nearest if since is None else nearest[:NEAREST]
        prompted = set(self.prompted)
        way = set(self.found) if since is None else set(range(since + step, index, step))
        return Memories(
            index=index,
            step=step,
            count=self.count,
            prompted=self._told(n for n in sorted(nearest) if n != index),
            tracked=self._told(sorted(way - prompted)),
        )

    def _told(self, numbers: Iterable[int]) -> dict[int, SliceMemory]:
        """The memories of those slices that have one."""
        found = ((number, self.found.get(number)) for number in numbers)
        return {n: one.memory for n, one in found if one is not None and one.memory is not None}

    def _border(self, below: int, above: int) -> int:
        """The first slice that is reached from the upper one of two with prompts."""
        if self.found[below].empty:
            return below + 1
        return above if self.found[above].empty else _halfway(below, above)

    def around(self, number: int) -> Memories | None:
        """What speaks to a slice from the nearest other slice with prompts; None without one."""
        others = [other for other in self.prompted if other != number]
        if not others:
            return None
        nearest = min(others, key=lambda other: (abs(other - number), other))
        return self.memories(number, 1 if nearest < number else -1, nearest)

    def _beside(self, number: int) -> tuple[int | None, int | None]:
        """The nearest slices with prompts below and above."""
        below = [other for other in self.prompted if other < number]
        above = [other for other in self.prompted if other > number]
        return (below[-1] if below else None, above[0] if above else None)


LOST = Track(axis=0, count=0)
"""Stands for a track that was let go, as history takes memory; the prompts lead to it again."""


def _halfway(below: int, above: int) -> int:
    """The first slice that belongs to the upper one of two, whichever comes first."""
    return (below + above) // 2 + 1
