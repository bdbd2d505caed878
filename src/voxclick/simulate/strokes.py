"""One slice of an error, as users who draw on slices see it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from voxclick.geometry import Box
from voxclick.simulate.user import drawn_part, error_of
from voxclick.types import Array
from voxclick.volume import Mask


@dataclass(frozen=True, eq=False)
class ErrorSlice:
    """The wrong voxels of one slice, all of one sign.

    Attributes:
        plane: Bool, the two other axes in order.
        axis: What the slice is perpendicular to.
        index: Which slice.
        start: Index of `plane`'s corner along the two other axes.
        positive: Whether they should have been segmented.
    """

    plane: Bool[Array, "a b"]
    axis: int
    index: int
    start: tuple[int, int]
    positive: bool

    def points(self, places: Float[Array, "n 2"]) -> Float[Array, "n 3"]:
        """Places on the plane as voxel indices."""
        moved = np.asarray(places, dtype=np.float64) + self.start
        points: Array = np.insert(moved, self.axis, float(self.index), axis=1)
        return points


def error_slice(truth: Mask, predicted: Mask, generator: np.random.Generator) -> ErrorSlice | None:
    """A slice through an error part drawn by size, drawn by how much of it lies there.

    All three axes are drawn from alike. None where there is no error.
    """
    box, error = error_of(truth, predicted)
    if box.empty:
        return None
    inner, part = drawn_part(error, generator)
    whole = inner.shifted(box.start)
    axis = int(generator.integers(3))
    others = [a for a in range(3) if a != axis]
    counts = part.sum(axis=(others[0], others[1])).astype(np.float64)
    local = int(generator.choice(len(counts), p=counts / counts.sum()))
    plane = np.take(part, local, axis=axis)
    index = whole.start[axis] + local
    wanted = np.take(truth.array[whole.slices], local, axis=axis)
    positive = bool((plane & wanted).sum() * 2 >= plane.sum())
    kept = plane & (wanted == positive)
    tight = Box.of_mask(kept[None])
    rows, columns = tight.slices[1], tight.slices[2]
    start = (whole.start[others[0]] + rows.start, whole.start[others[1]] + columns.start)
    return ErrorSlice(kept[rows, columns], axis, index, start, positive)
