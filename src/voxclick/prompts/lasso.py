"""A closed contour on one slice."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.geometry.grid import apply_affine, nearest_voxel
from voxclick.prompts.base import (
    Prompt,
    check_axis,
    check_inside,
    check_space,
    coordinates,
    indices_in,
    sign,
    unique_voxels,
)
from voxclick.types import Array, GivenBool, GivenInt, GivenPoints, Json, Space

FLAT = 0.5
"""Vertices may be this many voxels apart across the slice: no more than rounding explains."""


@dataclass(frozen=True, eq=False)
class Lasso(Prompt):
    """A loose contour around the object (or, negative, around what is not it) on one slice.

    A hand that draws at the edge goes beyond it: what lies outside the slice is cut off.

    Attributes:
        vertices: `n x 3` corners of the closed polygon, in order, all on one slice.
        axis: The voxel axis that the slice is perpendicular to: 0, 1 or 2.
        positive: False for "what is inside is not the object".
        space: `voxel`, or millimetres in `ras` or `lps`.

    Raises:
        PromptError: For fewer than three vertices, another axis, or vertices off one slice.
    """

    vertices: GivenPoints
    axis: GivenInt = 2
    positive: GivenBool = True
    space: Space = "voxel"

    kind: ClassVar[str] = "lasso"

    def __post_init__(self) -> None:
        check_space(self.space)
        rows = coordinates("a lasso", self.vertices, "n x 3 numbers, one row (i, j, k) a vertex")
        if len(rows) < 3:
            raise PromptError(f"a lasso needs at least three vertices, got {len(rows)}")
        check_axis("a lasso", self.axis)
        object.__setattr__(self, "vertices", rows)
        object.__setattr__(self, "axis", int(self.axis))
        object.__setattr__(self, "positive", sign("a lasso", self.positive))
        if self.space == "voxel":
            self._check_flat()

    @property
    def slice_index(self) -> int:
        """The slice it lies on (for a prompt in voxel indices)."""
        return int(np.floor(self.vertices[:, self.axis].mean() + 0.5))

    def to_voxel(self, grid: Grid) -> "Lasso":
        """The same lasso in voxel indices of `grid`, cut to its slice.

        Raises:
            PromptError: If it lies off one slice, or all of it lies outside the volume.
        """
        indices = indices_in(grid, self.vertices, self.space)
        whole = Lasso(indices, self.axis, self.positive)
        within = grid.contains(indices)
        if within.all():
            return whole
        cut = _clipped(whole, grid)
        if cut is None or not (within.any() or len(cut.enclosed())):
            check_inside("a lasso", grid, indices, self.vertices)
            raise AssertionError(indices)
        return cut

    def voxels(self) -> Int[Array, "n 3"]:  # noqa: D102
        filled = self.enclosed()
        # a lasso thinner than a voxel holds no centre, and is the line that it was drawn as
        return filled if len(filled) else unique_voxels(_outline(self.vertices))

    def enclosed(self) -> Int[Array, "n 3"]:
        """The voxels whose centres lie inside the polygon; none where it is too thin."""
        a, b = (axis for axis in range(3) if axis != self.axis)
        polygon = self.vertices[:, [a, b]]
        low = nearest_voxel(self.vertices).min(axis=0)
        high = nearest_voxel(self.vertices).max(axis=0) + 1
        rows, columns = np.arange(low[a], high[a]), np.arange(low[b], high[b])
        inside = np.argwhere(_polygon_fill(polygon, rows, columns)) + low[[a, b]]
        filled = np.full((len(inside), 3), self.slice_index, dtype=np.int64)
        filled[:, [a, b]] = inside
        return filled

    def moved(self, matrix: Float[Array, "4 4"]) -> "Lasso":  # noqa: D102
        axis = int(np.argmax(np.abs(matrix[:3, self.axis])))
        vertices = apply_affine(matrix, self.vertices)
        flat = vertices.copy()
        flat[:, axis] = vertices[:, axis].mean()
        return Lasso(flat, axis, self.positive)

    def to_json(self) -> Json:  # noqa: D102
        return {
            "kind": self.kind,
            "vertices": self.vertices.tolist(),
            "axis": self.axis,
            "positive": self.positive,
        }

    @classmethod
    def from_json(cls, fields: Json, space: Space) -> "Lasso":  # noqa: D102
        return cls(fields["vertices"], fields.get("axis", 2), fields.get("positive", True), space)

    def _check_flat(self) -> None:
        depth = np.ptp(self.vertices[:, self.axis])
        if depth > FLAT:
            raise PromptError(
                f"a lasso's vertices must lie on one slice of axis {self.axis}, got vertices "
                f"{depth:g} voxels apart along it; choose the axis that the slice cuts"
            )


def _clipped(lasso: Lasso, grid: Grid) -> Lasso | None:
    """The part of a lasso on its slice of the grid; None where there is none.

    Each edge of the slice cuts in turn (Sutherland and Hodgman 1974). Where that leaves parts
    that only run along the edge, the even-odd rule counts them twice, that is not at all.
    """
    rows = lasso.vertices
    last = np.nextafter(np.array(grid.shape) - 0.5, 0)  # the upper border is the next voxel's
    if not 0 <= lasso.slice_index < grid.shape[lasso.axis]:
        return None
    for axis in (axis for axis in range(3) if axis != lasso.axis):
        rows = _cut(rows, axis, -0.5, 1)
        rows = _cut(rows, axis, float(last[axis]), -1)
    if len(rows) < 3:
        return None
    return Lasso(np.clip(rows, -0.5, last), lasso.axis, lasso.positive)


def _cut(vertices: Float[Array, "n 3"], axis: int, border: float, side: int) -> Float[Array, "m 3"]:
    """The closed polygon above (side 1) or below (side -1) a border along one axis."""
    kept: list[Array] = []
    for here, there in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
        depths = (here[axis] - border) * side, (there[axis] - border) * side
        if depths[0] >= 0:
            kept.append(here)
        if (depths[0] >= 0) != (depths[1] >= 0):
            crossing = here + (there - here) * (depths[0] / (depths[0] - depths[1]))
            crossing[axis] = border
            kept.append(crossing)
    return np.array(kept).reshape(-1, 3)


def _outline(vertices: Float[Array, "n 3"]) -> Float[Array, "m 3"]:
    """Points along the closed polygon, at most half a voxel apart."""
    ahead = np.roll(vertices, -1, axis=0) - vertices
    counts = np.ceil(np.abs(ahead).max(axis=1) * 2).astype(int) + 1
    return np.concatenate(
        [
            corner + step * np.linspace(0, 1, count, endpoint=False)[:, None]
            for corner, step, count in zip(vertices, ahead, counts, strict=True)
        ]
    )


def _polygon_fill(
    polygon: Float[Array, "n 2"], rows: Int[Array, " a"], columns: Int[Array, " b"]
) -> Bool[Array, "a b"]:
    """The pixel centres inside the closed polygon, by the even-odd rule."""
    inside = np.zeros((len(rows), len(columns)), dtype=np.bool_)
    for (a0, b0), (a1, b1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if a0 == a1:
            continue
        spans = (rows >= min(a0, a1)) & (rows < max(a0, a1))
        crossing = b0 + (rows[spans] - a0) * (b1 - b0) / (a1 - a0)
        inside[spans] ^= columns[None, :] < crossing[:, None]
    return inside
