"""Users who draw a closed contour around the error on one slice."""

from dataclasses import dataclass

import numpy as np
from contourpy import LineType, contour_generator
from jaxtyping import Bool, Float
from scipy.ndimage import distance_transform_cdt, gaussian_filter, label

from voxclick.prompts import Lasso, Point
from voxclick.simulate.strokes import ErrorSlice, error_slice
from voxclick.simulate.user import SimulatedUser
from voxclick.types import Array
from voxclick.volume import Mask

MARGIN = 4
"""Voxels around the error into which a contour can stray."""

LEVEL = 0.3
"""Of the blurred error; below a half, so that the contour lies outside the error on average."""

CLEARANCE = 0.1
"""How far the blurred error is kept from the level, so that no voxel centre is on the contour."""


@dataclass(frozen=True)
class LassoUser(SimulatedUser):
    """A loose, wobbly contour around the largest part of a slice of the error.

    nnInteractive closes, dilates and deforms the error, by amounts that are not published; here
    blur, a low level and noise on it do that. Unlike theirs, the contour encloses only voxels of
    its own sign in the truth, since a negative lasso is obeyed voxel for voxel: where it would
    enclose others, it goes around them, and a ring is drawn as a C, open where the ring is
    thinnest. What is too small for a contour is clicked.

    Attributes:
        smooth_voxels: How much a hand rounds off; small gaps are closed by it.
        wobble: Strength of the random deformation.
    """

    smooth_voxels: float = 1.0
    wobble: float = 0.1

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Lasso | Point | None:
        seen = error_slice(truth, predicted, generator)
        if seen is None:
            return None
        allowed = _allowed(truth, seen)
        error = np.pad(seen.plane, MARGIN)
        noise = gaussian_filter(generator.normal(0, 1, error.shape), 3.0)
        noise *= self.wobble / max(float(noise.std()), 1e-9)
        blurred = gaussian_filter(error.astype(np.float64), self.smooth_voxels) + noise
        shape = _part_with_most(error, _without_holes((blurred > LEVEL) & allowed, allowed))
        if not shape.any():
            i, j, k = seen.points(np.argwhere(seen.plane)[:1].astype(np.float64))[0]
            return Point((float(i), float(j), float(k)), seen.positive)
        vertices = seen.points(_contour(shape, blurred) - MARGIN)
        # a border voxel's own half: a vertex on its centre would leave it out of the contour
        held = np.clip(vertices, -0.49, np.array(truth.grid.shape) - 0.51)
        return Lasso(held, seen.axis, seen.positive)


def _allowed(truth: Mask, seen: ErrorSlice) -> Bool[Array, "a b"]:
    """Which voxels around the error, by `MARGIN`, a contour of its sign may enclose."""
    same = np.take(truth.array, seen.index, axis=seen.axis) == seen.positive
    rows, columns = (
        slice(start, start + extent + 2 * MARGIN)
        for start, extent in zip(seen.start, seen.plane.shape, strict=True)
    )
    window: Array = np.pad(same, MARGIN)[rows, columns]
    return window


def _without_holes(shape: Bool[Array, "a b"], allowed: Bool[Array, "a b"]) -> Bool[Array, "a b"]:
    """The shape, its holes filled where all of a hole is allowed, and cut open elsewhere."""
    opened, inside = np.pad(shape, 1), np.pad(allowed, 1)
    while True:
        # 4-connected: where two voxels of the shape share a corner, the contour may join them
        gaps, _ = label(~opened)
        outside = gaps == gaps[0, 0]
        caught = gaps[~outside & ~inside]
        if not caught.size:
            filled: Array = ~outside[1:-1, 1:-1]
            return filled
        opened &= ~_cut(gaps == caught[0], outside)


def _cut(hole: Bool[Array, "a b"], outside: Bool[Array, "a b"]) -> Bool[Array, "a b"]:
    """The shortest 4-connected path from a hole to the outside."""
    steps, nearest = distance_transform_cdt(~outside, metric="taxicab", return_indices=True)
    row, column = np.unravel_index(int(np.where(hole, steps, steps.max() + 1).argmin()), hole.shape)
    last_row, last_column = nearest[:, row, column]
    path = np.zeros_like(hole)
    path[min(row, last_row) : max(row, last_row) + 1, column] = True
    path[last_row, min(column, last_column) : max(column, last_column) + 1] = True
    return path


def _part_with_most(error: Bool[Array, "a b"], shape: Bool[Array, "a b"]) -> Bool[Array, "a b"]:
    """The 4-connected part of a shape that holds most of the error; empty where none holds any."""
    parts, _ = label(shape)
    held = np.bincount(parts[error], minlength=2)
    held[0] = 0
    part: Array = (parts == int(held.argmax())) & bool(held.any())
    return part


def _contour(shape: Bool[Array, "a b"], blurred: Float[Array, "a b"]) -> Float[Array, "n 2"]:
    """The outline of a shape in one piece without holes, between its voxels and the others."""
    height = np.where(
        shape, np.maximum(blurred, LEVEL + CLEARANCE), np.minimum(blurred, LEVEL - CLEARANCE)
    )
    generator = contour_generator(z=np.pad(height, 1), line_type=LineType.Separate)
    lines: list[Array] = generator.lines(LEVEL)  # type: ignore[assignment]
    assert len(lines) == 1
    outline: Array = lines[0][:-1, ::-1] - 1  # contourpy gives (x, y)
    return outline
