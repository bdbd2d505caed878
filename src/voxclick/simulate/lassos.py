"""Users who draw a closed contour around the error on one slice."""

from dataclasses import dataclass

import numpy as np
from contourpy import LineType, contour_generator
from scipy.ndimage import gaussian_filter

from voxclick.prompts import Lasso, Point
from voxclick.simulate.strokes import error_slice
from voxclick.simulate.user import SimulatedUser
from voxclick.types import Array
from voxclick.volume import Mask

MARGIN = 4


@dataclass(frozen=True)
class LassoUser(SimulatedUser):
    """A loose, wobbly contour around the largest part of a slice of the error.

    Attributes:
        smooth_voxels: How much a hand rounds off; small gaps are closed by it.
        wobble: Strength of the random deformation; the contour lies outside the shape on average.
    """

    smooth_voxels: float = 1.0
    wobble: float = 0.1

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Lasso | Point | None:
        seen = error_slice(truth, predicted, generator)
        if seen is None:
            return None
        wide = np.pad(seen.plane, MARGIN).astype(np.float64)
        noise = gaussian_filter(generator.normal(0, 1, wide.shape), 3.0)
        noise *= self.wobble / max(float(noise.std()), 1e-9)
        level = gaussian_filter(wide, self.smooth_voxels) + noise * (wide.std() > 0)
        lines: list[Array] = contour_generator(z=level, line_type=LineType.Separate).lines(0.3)  # type: ignore[assignment]
        closed = [line for line in lines if len(line) >= 4 and np.allclose(line[0], line[-1])]
        if not closed:  # an error of a voxel or two: a person clicks it
            i, j, k = seen.points(np.argwhere(seen.plane)[:1].astype(np.float64))[0]
            return Point((float(i), float(j), float(k)), seen.positive)
        longest = max(closed, key=len)[:-1, ::-1] - MARGIN  # contourpy gives (x, y)
        vertices = seen.points(longest)
        held = np.clip(vertices, 0, np.array(truth.grid.shape) - 1)
        return Lasso(held, seen.axis, seen.positive)
