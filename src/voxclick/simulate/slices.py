"""Users who prompt chosen slices and leave the other slices to the model (SAM 2 in 3D)."""

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool
from scipy.ndimage import label

from voxclick.prompts import MaskPrompt, Point
from voxclick.simulate.slice_choice import check_choice, chosen_slices
from voxclick.simulate.user import ManyAtOnce, SimulatedUser, error_of
from voxclick.types import Array, Vector3
from voxclick.volume import Mask


@dataclass(frozen=True)
class SliceMaskUser(SimulatedUser):
    """The truth on the chosen slices, as one mask prompt (arXiv 2408.02635, `segment_any_image`).

    It corrects nothing: once something is segmented it has nothing more to say.

    Attributes:
        axis: What the slices are perpendicular to; the paper's is 2.
        at: Which slices, as in `slice_choice.chosen_slices`.
        slices: How many.
    """

    axis: int = 2
    at: str = "middle"
    slices: int = 1

    def __post_init__(self) -> None:
        check_choice(self.axis, self.at, self.slices)

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> MaskPrompt | None:
        error_of(truth, predicted)
        if predicted.array.any():
            return None
        chosen = chosen_slices(truth, self.axis, self.at, self.slices)
        return MaskPrompt(truth, self.axis, tuple(chosen)) if chosen else None


@dataclass(frozen=True)
class SliceCenterClick(ManyAtOnce):
    """Clicks at the centre of the largest error of a slice (arXiv 2408.02635, `..._with_clicks`).

    Of the 4-connected parts of the false negatives and of the false positives on the slice, the
    one that reaches deepest, at its deepest pixel, in pixels; its sign is the truth there. With
    several slices, one click on each of them that has an error. Errors on other slices are not
    looked at.

    Attributes:
        axis: What the slices are perpendicular to; the paper's is 2.
        at: Which slices, as in `slice_choice.chosen_slices`.
        slices: How many; 0 for all that the object is on.
    """

    axis: int = 2
    at: str = "middle"
    slices: int = 1

    def __post_init__(self) -> None:
        check_choice(self.axis, self.at, self.slices, every=True)

    def next_prompts(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[Point]:
        error_of(truth, predicted)
        chosen = chosen_slices(truth, self.axis, self.at, self.slices)
        clicks = [self._click(truth.array, predicted.array, index) for index in chosen]
        return [click for click in clicks if click is not None]

    def _click(
        self, truth: Bool[Array, "i j k"], predicted: Bool[Array, "i j k"], index: int
    ) -> Point | None:
        wanted = np.take(truth, index, axis=self.axis)
        found = np.take(predicted, index, axis=self.axis)
        depths = [_depth(wanted & ~found), _depth(found & ~wanted)]
        positive = bool(depths[0].max() >= depths[1].max())
        depth = depths[0] if positive else depths[1]
        if depth.max() == 0:
            return None
        pixel = np.unravel_index(int(np.argmax(depth)), depth.shape)
        i, j, k = np.insert(np.array(pixel), self.axis, index).tolist()
        at: Vector3 = (float(i), float(j), float(k))
        return Point(at, positive)


def _depth(plane: Bool[Array, "a b"]) -> Array:
    """How deep each pixel lies in its 4-connected part; beyond the slice is background."""
    parts, _ = label(plane)
    depth: Array = edt.edt(np.ascontiguousarray(parts, dtype=np.uint32), black_border=True)
    return depth
