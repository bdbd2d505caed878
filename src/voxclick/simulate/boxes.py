"""Users who draw a box around what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voxclick.errors import OptionError
from voxclick.geometry import Box
from voxclick.prompts import BoxPrompt
from voxclick.simulate.slice_choice import check_choice, chosen_slices
from voxclick.simulate.user import ManyAtOnce, SimulatedUser, error_of
from voxclick.types import Array
from voxclick.volume import Mask


@dataclass(frozen=True)
class BoxUser(SimulatedUser):
    """A 3D box around the object, as loose as a hand draws it.

    It corrects nothing: once something is segmented it has nothing more to say.

    Attributes:
        jitter: Each side is moved out or in by up to this share of the extent along its axis.
        shift: The whole box is moved by up to this share of its extent.
    """

    jitter: float = 0.05
    shift: float = 0.0

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> BoxPrompt | None:
        box, _ = error_of(truth, predicted)
        if box.empty or predicted.array.any():
            return None
        extent = np.array(box.shape)
        moved = generator.uniform(-self.shift, self.shift, 3) * extent
        low = np.array(box.start) + moved - generator.uniform(-1, 1, 3) * self.jitter * extent
        high = np.array(box.stop) + moved + generator.uniform(-1, 1, 3) * self.jitter * extent
        return _within(low, high, truth)


@dataclass(frozen=True)
class SliceBoxUser(ManyAtOnce):
    """A 2D box on the object's middle slice, as CVPR 2025 draws it (`get_boxes.py`).

    The slice is the middle one of those that the object occupies (some versions of the script
    take that of the median voxel). One whole number is drawn a box; every side is pushed outward
    by that many 256ths of the slice's extent along its axis, rounded down, and cut off at the
    volume's border. In the challenge's terms, `i` is x, `j` is y and `k` is z. Its range of
    slices (`z_min`, `z_max`) is not given.

    Attributes:
        axis: What the slice is perpendicular to; the challenge's is 2.
        outward: The largest number drawn, from 0 up; 5 in the challenge.
        at: Which slice, as in `slice_choice.chosen_slices`; the challenge's is `middle`.
        slices: On how many slices a box is drawn, 0 for all that the object is on; 1 in the
            challenge.
    """

    axis: int = 2
    outward: int = 5
    at: str = "middle"
    slices: int = 1

    def __post_init__(self) -> None:
        check_choice(self.axis, self.at, self.slices, every=True)
        if self.outward < 0:
            raise OptionError(f"outward must be at least 0, got {self.outward}")

    def next_prompts(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[BoxPrompt]:
        error_of(truth, predicted)
        if predicted.array.any():
            return ()
        chosen = chosen_slices(truth, self.axis, self.at, self.slices)
        return [self._around(truth, index, generator) for index in chosen]

    def _around(self, truth: Mask, index: int, generator: np.random.Generator) -> BoxPrompt:
        box = Box.of_mask(np.take(truth.array, [index], axis=self.axis))
        low, high = np.array(box.start), np.array(box.stop)
        pushed = int(generator.integers(0, self.outward + 1))
        for axis in (axis for axis in range(3) if axis != self.axis):
            width = int(pushed * truth.grid.shape[axis] / 256)
            low[axis] -= width
            high[axis] += width
        low[self.axis], high[self.axis] = index, index + 1
        return _within(low.astype(np.float64), high.astype(np.float64), truth)


def _within(low: Array, high: Array, truth: Mask) -> BoxPrompt:
    start = np.clip(np.round(low), 0, np.array(truth.grid.shape) - 1)
    stop = np.clip(np.round(high), start + 1, np.array(truth.grid.shape))
    return BoxPrompt(
        (float(start[0]), float(start[1]), float(start[2])),
        (float(stop[0]), float(stop[1]), float(stop[2])),
    )
