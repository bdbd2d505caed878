"""Answer the slices that a prompt is about, each by itself; the others stay as they are."""

from collections.abc import Iterator

from voxclick.engine.growth.sliced import by_slice
from voxclick.engine.growth.slices import Sliced, beside_prompted
from voxclick.engine.object_state import ObjectState, Record
from voxclick.engine.predict import Model
from voxclick.engine.strategy import Step, Strategy
from voxclick.geometry import Box, Grid


class PromptedSlices(Strategy):
    """Slice by slice without memory, as models of 2D images are used on volumes.

    A slice without prompts holds nothing of the object, whatever is found beside it.
    """

    def answer(self, model: Model, state: ObjectState, record: Record) -> Iterator[Step]:
        """As in `Strategy`: a step a slice, from the middle one of the prompt's outwards.

        Where the steps are dropped, the slices that were not reached stay as they were.
        """
        sliced = Sliced(model, state, record)
        asked = by_slice(record.prompt, sliced.track.axis, every=True)
        middle = sum(asked) / max(len(asked), 1)
        numbers = sorted(asked, key=lambda number: (abs(number - middle), number))
        changed = sliced.obey()
        if not numbers:
            yield Step(changed, last=True)
        for number in numbers:
            changed = changed.union(sliced.prompt(number, asked[number]))
            yield Step(changed, last=number == numbers[-1])
            changed = Box.EMPTY

    def likely(self, model: Model, state: ObjectState) -> Iterator[Grid]:
        """As in `Strategy`: the slices next to the prompted ones, nearest first."""
        return beside_prompted(model, state)
