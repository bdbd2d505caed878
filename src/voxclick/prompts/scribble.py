"""A freehand stroke: many voxels marked at once."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float, Int

from voxclick.geometry import Grid
from voxclick.geometry.grid import apply_affine
from voxclick.prompts.base import (
    Prompt,
    check_inside,
    check_space,
    coordinates,
    indices_in,
    sign,
    unique_voxels,
)
from voxclick.types import Array, GivenBool, GivenPoints, Json, Space


@dataclass(frozen=True, eq=False)
class Scribble(Prompt):
    """The voxels a brush went over: all of them are the object, or none is.

    Attributes:
        points: `n x 3` coordinates, in any order; in `voxel` space indices `(i, j, k)`.
        positive: False for "not the object".
        space: `voxel`, or millimetres in `ras` or `lps`.

    Raises:
        PromptError: If there is no point, or one is not three finite numbers.
    """

    points: GivenPoints
    positive: GivenBool = True
    space: Space = "voxel"

    kind: ClassVar[str] = "scribble"

    def __post_init__(self) -> None:
        check_space(self.space)
        rows = coordinates("a scribble", self.points, "n x 3 numbers, one row (i, j, k) a voxel")
        object.__setattr__(self, "points", rows)
        object.__setattr__(self, "positive", sign("a scribble", self.positive))

    def to_voxel(self, grid: Grid) -> "Scribble":  # noqa: D102  (as in Prompt)
        indices = indices_in(grid, self.points, self.space)
        check_inside("a scribble", grid, indices, self.points)
        return Scribble(indices, self.positive)

    def voxels(self) -> Int[Array, "n 3"]:  # noqa: D102
        return unique_voxels(self.points)

    def moved(self, matrix: Float[Array, "4 4"]) -> "Scribble":  # noqa: D102
        return Scribble(apply_affine(matrix, self.points), self.positive)

    def to_json(self) -> Json:  # noqa: D102
        return {"kind": self.kind, "points": self.points.tolist(), "positive": self.positive}

    @classmethod
    def from_json(cls, fields: Json, space: Space) -> "Scribble":  # noqa: D102
        return cls(fields["points"], fields.get("positive", True), space)
