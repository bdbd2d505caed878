"""A click on one voxel."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from voxclick.errors import PromptError
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
from voxclick.types import Array, GivenBool, GivenVector3, Json, Space


@dataclass(frozen=True)
class Point(Prompt):
    """A click: the object is here, or is not.

    Attributes:
        at: Three numbers; in `voxel` space an index `(i, j, k)`, voxel centres at whole numbers.
        positive: False for "not the object".
        space: `voxel`, or millimetres in `ras` or `lps`.

    Raises:
        PromptError: If `at` is not three finite numbers or the space is unknown.
    """

    at: GivenVector3
    positive: GivenBool = True
    space: Space = "voxel"

    kind: ClassVar[str] = "point"

    def __post_init__(self) -> None:
        check_space(self.space)
        rows = coordinates("a point", self.at, "three numbers (i, j, k)")
        if len(rows) != 1:
            raise PromptError(f"a point needs three numbers (i, j, k), got {len(rows)} rows")
        i, j, k = rows[0]
        object.__setattr__(self, "at", (float(i), float(j), float(k)))
        object.__setattr__(self, "positive", sign("a point", self.positive))

    def to_voxel(self, grid: Grid) -> "Point":  # noqa: D102  (as in Prompt)
        indices = indices_in(grid, self._row, self.space)
        check_inside("a point", grid, indices, self._row)
        i, j, k = indices[0]
        return Point((float(i), float(j), float(k)), self.positive)

    def voxels(self) -> Int[Array, "n 3"]:  # noqa: D102
        return unique_voxels(self._row)

    def moved(self, matrix: Float[Array, "4 4"]) -> "Point":  # noqa: D102
        i, j, k = apply_affine(matrix, self._row)[0]
        return Point((float(i), float(j), float(k)), self.positive)

    def to_json(self) -> Json:  # noqa: D102
        return {"kind": self.kind, "at": list(self.at), "positive": self.positive}

    @classmethod
    def from_json(cls, fields: Json, space: Space) -> "Point":  # noqa: D102
        return cls(fields["at"], fields.get("positive", True), space)

    @property
    def _row(self) -> Float[Array, "1 3"]:
        return np.array([self.at], dtype=np.float64)
