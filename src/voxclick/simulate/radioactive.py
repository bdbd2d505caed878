"""RadioActive's users (MIC-DKFZ, arXiv 2411.07885): points on slices, and its 2D refinement."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_dilation

from voxclick.errors import OptionError
from voxclick.geometry import Box
from voxclick.prompts import BoxPrompt, Point, Scribble
from voxclick.simulate.slice_choice import check_choice, chosen_slices
from voxclick.simulate.user import ManyAtOnce, SimulatedUser, components, error_of, place
from voxclick.types import Array
from voxclick.volume import Mask

FALLBACK = 3
"""Points drawn from the surplus where the rim of the truth touches none of it."""


@dataclass(frozen=True)
class RadioactiveUser(SimulatedUser):
    """The 2D-style refinement: now and then what is too much, else what is missing.

    With the probability of the surplus' share of the error, strokes on what is too much: on the
    slice (across `axis`) with most of it, where it touches the truth's rim; where the truth is not
    on that slice, its longest column; where neither gives a voxel, three drawn ones. Else, of the
    largest missing part, its centre on every slice across `across`. What RadioActive gives as
    points is one scribble here.

    Attributes:
        axis: What the slice with the surplus is perpendicular to.
        across: What the slices through the missing part are perpendicular to.
    """

    axis: int = 1
    across: int = 2

    def __post_init__(self) -> None:
        check_choice(self.axis, "middle", 1)
        check_choice(self.across, "middle", 1)

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Scribble | None:
        box, error = error_of(truth, predicted)
        if box.empty:
            return None
        surplus = predicted.array & ~truth.array
        much = int(np.count_nonzero(surplus))
        if generator.random() < much / np.count_nonzero(error):
            return Scribble(self._too_much(truth.array, surplus, generator), positive=False)
        missing = truth.array[box.slices] & error
        return Scribble(self._through(missing) + np.array(box.start, dtype=np.float64))

    def _too_much(
        self,
        truth: Bool[Array, "i j k"],
        surplus: Bool[Array, "i j k"],
        generator: np.random.Generator,
    ) -> Float[Array, "n 3"]:
        others = tuple(axis for axis in range(3) if axis != self.axis)
        index = int(np.argmax(np.count_nonzero(surplus, axis=others)))
        plane, inside = np.take(surplus, index, self.axis), np.take(truth, index, self.axis)
        if inside.any():
            touched = plane & binary_dilation(inside)
        else:
            touched = np.zeros_like(plane)
            column = int(np.argmax(np.count_nonzero(plane, axis=0)))
            touched[:, column] = plane[:, column]
        places = np.insert(np.argwhere(touched), self.axis, index, axis=1)
        if not len(places):
            every = np.argwhere(surplus)
            places = every[generator.choice(len(every), min(FALLBACK, len(every)), replace=False)]
        voxels: Array = places.astype(np.float64)
        return voxels

    def _through(self, missing: Bool[Array, "i j k"]) -> Float[Array, "n 3"]:
        """A voxel a slice of the largest part: the one nearest to its centre there."""
        parts, sizes = components(missing)
        sizes[0] = 0
        voxels = np.argwhere(parts == int(np.argmax(sizes)))
        centres = []
        for index in np.unique(voxels[:, self.across]):
            there = voxels[voxels[:, self.across] == index]
            away = np.linalg.norm(there - there.mean(axis=0), axis=1)
            centres.append(there[int(np.argmin(away))])
        return np.array(centres, dtype=np.float64)


@dataclass(frozen=True)
class SlicePointsUser(ManyAtOnce):
    """Points drawn from the object on chosen slices, for models that work slice by slice.

    It corrects nothing: once something is segmented it has nothing more to say.

    Attributes:
        points: On each slice.
        axis: What the slices are perpendicular to.
        at: Which slices, as in `slice_choice.chosen_slices`.
        slices: How many; 0 for all that the object is on.
    """

    points: int = 1
    axis: int = 2
    at: str = "middle"
    slices: int = 0

    def __post_init__(self) -> None:
        check_choice(self.axis, self.at, self.slices, every=True)
        if self.points < 1:
            raise OptionError(f"points must be at least 1, got {self.points}")

    def next_prompts(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[Point]:
        error_of(truth, predicted)
        if predicted.array.any():
            return ()
        chosen = chosen_slices(truth, self.axis, self.at, self.slices)
        return [point for index in chosen for point in self._on(truth, index, generator)]

    def _on(self, truth: Mask, index: int, generator: np.random.Generator) -> list[Point]:
        pixels = np.argwhere(np.take(truth.array, index, axis=self.axis))
        drawn = generator.choice(len(pixels), min(self.points, len(pixels)), replace=False)
        voxels: Int[Array, "n 3"] = np.insert(pixels[drawn], self.axis, index, axis=1)
        return [Point(place(voxel)) for voxel in voxels]


@dataclass(frozen=True)
class InterpolatedBoxUser(ManyAtOnce):
    """2D boxes on a few slices from the object's first to its last, and between them in between.

    The sides of the boxes in between lie on straight lines. It corrects nothing: once something
    is segmented it has nothing more to say.

    Attributes:
        axis: What the slices are perpendicular to.
        slices: On how many a box is drawn; RadioActive's are 3, 5 and 10.
    """

    axis: int = 2
    slices: int = 3

    def __post_init__(self) -> None:
        check_choice(self.axis, "middle", self.slices)
        if self.slices < 2:
            raise OptionError(f"slices must be at least 2, got {self.slices}")

    def next_prompts(  # noqa: D102
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Sequence[BoxPrompt]:
        error_of(truth, predicted)
        others = tuple(axis for axis in range(3) if axis != self.axis)
        occupied = np.flatnonzero(truth.array.any(axis=others))
        if predicted.array.any() or not len(occupied):
            return ()
        places = np.round(np.linspace(0, len(occupied) - 1, self.slices)).astype(int)
        drawn = np.unique(occupied[places])
        boxes = [Box.of_mask(np.take(truth.array, [index], axis=self.axis)) for index in drawn]
        corners = np.array([(*box.start, *box.stop) for box in boxes], dtype=np.float64)
        between = np.arange(drawn[0], drawn[-1] + 1)
        sides = np.stack([np.interp(between, drawn, column) for column in corners.T], axis=1)
        sides[:, self.axis], sides[:, 3 + self.axis] = between, between + 1
        return [
            BoxPrompt((row[0], row[1], row[2]), (row[3], row[4], row[5])) for row in sides.tolist()
        ]
