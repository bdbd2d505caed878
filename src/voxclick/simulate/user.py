"""What every simulated user does: look at the error and give the next prompt."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import cc3d
import numpy as np
from jaxtyping import Bool, Int

from voxclick.errors import GridMismatchError
from voxclick.geometry import Box
from voxclick.prompts import Prompt
from voxclick.types import Array, Index3
from voxclick.volume import Mask


class SimulatedUser(ABC):
    """A user who knows the truth. It holds options and no state."""

    @abstractmethod
    def next_prompt(
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Prompt | None:
        """What the user would say next; None when there is nothing left to correct.

        Args:
            truth: The object as it is.
            predicted: The mask so far; empty before the first prompt.
            generator: Where every random choice comes from.

        Raises:
            GridMismatchError: If the two masks lie on different grids.
        """

    def next_prompts(
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[Prompt]:
        """What the user says before it looks at the mask again: one prompt, for most users.

        Empty when there is nothing left to correct. Arguments and errors as in `next_prompt`.
        """
        prompt = self.next_prompt(truth, predicted, generator)
        return () if prompt is None else (prompt,)


class ManyAtOnce(SimulatedUser):
    """A user that may say several things before looking at the mask again."""

    def next_prompt(
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Prompt | None:
        """The first of what it says next; None for nothing."""
        prompts = self.next_prompts(truth, predicted, generator)
        return prompts[0] if prompts else None

    @abstractmethod
    def next_prompts(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[Prompt]: ...


def error_of(truth: Mask, predicted: Mask) -> tuple[Box, Bool[Array, "i j k"]]:
    """The voxels where both differ, cut to their box; an empty box where they agree.

    Raises:
        GridMismatchError: If the two masks lie on different grids.
    """
    if not truth.grid.matches(predicted.grid):
        raise GridMismatchError(
            f"truth and prediction must lie on one grid, got {truth.grid.shape} and "
            f"{predicted.grid.shape} voxels at different places"
        )
    error = truth.array != predicted.array
    box = Box.of_mask(error)
    return box, error[box.slices]


def components(error: Bool[Array, "i j k"]) -> tuple[Int[Array, "i j k"], Int[Array, " n"]]:
    """The 26-connected parts of an error, numbered from 1, and the voxels of each from part 0."""
    parts = cc3d.connected_components(np.ascontiguousarray(error), connectivity=26)
    return parts.astype(np.int64), np.bincount(parts.reshape(-1)).astype(np.int64)


def drawn_part(
    error: Bool[Array, "i j k"], generator: np.random.Generator
) -> tuple[Box, Bool[Array, "a b c"]]:
    """One part of an error, drawn in proportion to its size, cut to its box."""
    parts, sizes = components(error)
    shares = sizes[1:] / sizes[1:].sum()
    part = parts == 1 + int(generator.choice(len(shares), p=shares))
    box = Box.of_mask(part)
    return box, part[box.slices]


def place(local: Int[Array, "3"], *starts: Index3) -> Index3:
    """A local index as one of the whole array, given the starts of the boxes it was cut to."""
    i, j, k = (int(local[a]) + sum(start[a] for start in starts) for a in range(3))
    return (i, j, k)
