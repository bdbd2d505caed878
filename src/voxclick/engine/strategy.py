"""The seam of strategies: how one prompt becomes an answer and what refines it, step by step."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from voxclick.engine.object_state import ObjectState, Record
from voxclick.engine.predict import Model
from voxclick.geometry import Box, Grid


@dataclass(frozen=True)
class Step:
    """One update of an object's claim.

    Attributes:
        changed: What it changed.
        last: Whether none comes after it.
    """

    changed: Box
    last: bool


class Strategy(ABC):
    """How an object is found around a prompt. It keeps nothing between prompts."""

    @abstractmethod
    def answer(self, model: Model, state: ObjectState, record: Record) -> Iterator[Step]:
        """Answer the newest prompt: the first answer first, then what refines it.

        At least one step; the claim is written through `state.write` before each is given. It may
        be dropped after any step, and so often as it was dropped, as often must the same steps
        come again: which they are follows from the volume and the object's prompts and claim alone.

        Args:
            model: The segmenter on its volume.
            state: The object, the prompt in force.
            record: Of the prompt; `look_after` is to be kept up.
        """

    @abstractmethod
    def likely(self, model: Model, state: ObjectState) -> Iterator[Grid]:
        """Views that the object's next prompt is likely to need, the likeliest first."""
