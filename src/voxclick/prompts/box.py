"""A box around the object, in 3D or on one slice."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from voxclick.errors import PromptError
from voxclick.geometry import Box, Grid
from voxclick.geometry.grid import apply_affine
from voxclick.prompts.base import Prompt, check_space, coordinates, indices_in, sign
from voxclick.types import Array, GivenBool, GivenVector3, Json, Space, Vector3


@dataclass(frozen=True)
class BoxPrompt(Prompt):
    """A box: the object lies inside it (or, negative, nothing in it is the object).

    In `voxel` space the box is half-open, `start <= index < stop`; a box one voxel thick along
    an axis is a 2D box on that slice. In millimetres, the two points are opposite corners of a box
    along the voxel axes; it holds the voxels whose centre lies inside (the nearest, where none
    does), so that the corners of a voxel box put into millimetres give that box on every grid.
    What reaches beyond the volume is cut off.

    Attributes:
        start: First corner.
        stop: Opposite corner; in `voxel` space above `start` on every axis.
        positive: False for "nothing in here".
        space: `voxel`, or millimetres in `ras` or `lps`.

    Raises:
        PromptError: If a corner is not three finite numbers, or the box is empty.
    """

    start: GivenVector3
    stop: GivenVector3
    positive: GivenBool = True
    space: Space = "voxel"
    _flat_axis: int | None = field(default=None, init=False, repr=False, compare=False)

    kind: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        check_space(self.space)
        like = "two corners of three numbers each"
        start = coordinates("a box", self.start, like)
        stop = coordinates("a box", self.stop, like)
        if len(start) != 1 or len(stop) != 1:
            raise PromptError(f"a box needs {like}, got {start.tolist()} and {stop.tolist()}")
        if self.space == "voxel" and not (start < stop).all():
            raise PromptError(
                f"a box needs start < stop on every axis (half-open), got {start[0].tolist()} "
                f"to {stop[0].tolist()}; a box on one slice k runs from k to k + 1"
            )
        object.__setattr__(self, "start", tuple(float(v) for v in start[0]))
        object.__setattr__(self, "stop", tuple(float(v) for v in stop[0]))
        object.__setattr__(self, "positive", sign("a box", self.positive))

    @property
    def region(self) -> Box:
        """The voxels it holds (for a prompt in voxel indices): those whose centre is inside.

        Its faces lie half a voxel before `start` and `stop`; between voxel centres, it is the
        voxel that its middle falls into.
        """
        start, stop = np.round(self.start, 6), np.round(self.stop, 6)
        low, high = np.ceil(start - 0.5).astype(int), np.ceil(stop - 0.5).astype(int)
        low = np.where(low < high, low, np.floor((start + stop) / 2).astype(int))
        high = np.maximum(high, low + 1)
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @property
    def flat_axis(self) -> int | None:
        """The axis along which it is one voxel of the volume thick, if it is a 2D box."""
        if self._flat_axis is not None:
            return self._flat_axis if self._flat_axis >= 0 else None
        thin = [axis for axis in range(3) if self.region.shape[axis] == 1]
        return thin[-1] if thin else None

    def to_voxel(self, grid: Grid) -> "BoxPrompt":  # noqa: D102  (as in Prompt)
        if self.space == "voxel":
            start, stop = np.array(self.start), np.array(self.stop)
        else:
            corners = indices_in(grid, np.array([self.start, self.stop]), self.space)
            first, last = corners.min(axis=0), corners.max(axis=0)
            start, stop = np.ceil(first), np.ceil(last)
            start = np.where(start < stop, start, np.floor((first + last) / 2 + 0.5))
            stop = np.maximum(stop, start + 1)
        low, high = np.maximum(start, 0), np.minimum(stop, grid.shape)
        if not (low < high).all():
            raise PromptError(
                f"a box must meet the volume of {grid.shape[0]} x {grid.shape[1]} x "
                f"{grid.shape[2]} voxels, got voxels {start.tolist()} to {stop.tolist()}; check "
                "the order and the space of the corners"
            )
        return BoxPrompt(_vector(low), _vector(high), self.positive)

    def voxels(self) -> Int[Array, "n 3"]:  # noqa: D102
        ranges = [np.arange(a, b) for a, b in zip(self.region.start, self.region.stop, strict=True)]
        return np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)

    def moved(self, matrix: Float[Array, "4 4"]) -> "BoxPrompt":  # noqa: D102
        # index -0.5 is the outer face of voxel 0: faces, not centres, are what a box keeps
        faces = np.array([self.start, self.stop]) - 0.5
        corners = apply_affine(matrix, _corners(faces[0], faces[1])) + 0.5
        low, high = corners.min(axis=0), corners.max(axis=0)
        moved = BoxPrompt(_vector(low), _vector(np.maximum(high, low + 1e-3)), self.positive)
        # a few slices can be one voxel of a coarse view, and one slice several of a fine one
        flat = self.flat_axis
        axis = -1 if flat is None else int(np.argmax(np.abs(matrix[:3, flat])))
        object.__setattr__(moved, "_flat_axis", axis)
        return moved

    def to_json(self) -> Json:  # noqa: D102
        return {
            "kind": self.kind,
            "start": list(self.start),
            "stop": list(self.stop),
            "positive": self.positive,
        }

    @classmethod
    def from_json(cls, fields: Json, space: Space) -> "BoxPrompt":  # noqa: D102
        return cls(fields["start"], fields["stop"], fields.get("positive", True), space)


def _corners(start: Array | Vector3, stop: Array | Vector3) -> Float[Array, "8 3"]:
    ends = [(float(a), float(b)) for a, b in zip(start, stop, strict=True)]
    return np.array([(i, j, k) for i in ends[0] for j in ends[1] for k in ends[2]])


def _vector(row: Array) -> Vector3:
    return (float(row[0]), float(row[1]), float(row[2]))
