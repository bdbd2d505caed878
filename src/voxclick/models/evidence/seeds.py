"""What prompts say about the voxels of a view: marks that hold, and samples to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

from voxclick.models.evidence.reading import Reading, read_box, read_lasso, read_stroke
from voxclick.prompts import BoxPrompt, Lasso, Prompt
from voxclick.types import Array, Vector3


@dataclass(frozen=True, eq=False)
class Seeds:
    """What the prompts in a view say together.

    Attributes:
        marks: 1 where the object is for certain, -1 where it is not, else 0.
        hints: Like `marks`, for what is only likely: distances start there too.
        readings: What each prompt says, oldest first.
    """

    marks: Int8[Array, "i j k"]
    hints: Int8[Array, "i j k"]
    readings: tuple[Reading, ...]

    @property
    def own(self) -> Bool[Array, "i j k"]:
        """Where the object is, for certain or likely."""
        found: Array = (self.marks == 1) | ((self.hints == 1) & (self.marks == 0))
        return found

    @property
    def other(self) -> Bool[Array, "i j k"]:
        """Where the object is not, for certain or likely."""
        found: Array = (self.marks == -1) | ((self.hints == -1) & (self.marks == 0))
        return found

    @property
    def inside(self) -> list[Int[Array, " _"]]:
        """Flat indices of samples of the object, an array a prompt."""
        return [reading.inside for reading in self.readings if reading.inside.size]

    @property
    def outside(self) -> list[Int[Array, " _"]]:
        """Flat indices of samples of what is not the object, an array a prompt."""
        return [reading.outside for reading in self.readings if reading.outside.size]

    @property
    def cores(self) -> list[Int[Array, " _"]]:
        """The middles of boxes, in which the object is looked for, as flat indices."""
        return [reading.core for reading in self.readings if reading.core.size]

    @property
    def newest(self) -> Int[Array, "n 3"] | None:
        """The voxels that the newest prompt is about; None without prompts."""
        return self.readings[-1].about if self.readings else None


def gather(prompts: Sequence[Prompt], image: Float[Array, "i j k"], lengths: Vector3) -> Seeds:
    """The marks and samples of all prompts; a later one overrules an earlier one.

    Nothing outside the boxes is the object (outside the boxes on a slice: on that slice), unless
    a positive prompt says that a box was too small: then boxes bound nothing.

    Args:
        prompts: In indices of the view, oldest first.
        image: Normalised intensities of the view.
        lengths: Length of a step along each axis; 1 for the finest.
    """
    readings = tuple(_read(prompt, image, lengths) for prompt in prompts)
    marks = np.zeros(image.size, dtype=np.int8)
    hints = np.zeros(image.size, dtype=np.int8)
    for layer in {reading.layer for reading in readings}:
        shut = np.zeros(image.size, dtype=np.bool_)
        for reading in readings:
            if reading.layer == layer:
                shut[reading.bounded] = True
        for reading in readings:
            if reading.layer == layer:
                shut[reading.framed] = False
        marks[shut] = -1
    if any((marks[reading.own] == -1).any() for reading in readings):
        marks[:] = 0
    for reading in readings:
        marks[reading.own] = 1
        marks[reading.other] = -1
        hints[reading.likely_own] = 1
        hints[reading.likely_other] = -1
    return Seeds(marks.reshape(image.shape), hints.reshape(image.shape), readings)


def _read(prompt: Prompt, image: Float[Array, "i j k"], lengths: Vector3) -> Reading:
    if isinstance(prompt, BoxPrompt):
        return read_box(prompt, image.shape)
    if isinstance(prompt, Lasso):
        return read_lasso(prompt, image.shape)
    return read_stroke(prompt, image, lengths)
