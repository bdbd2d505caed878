"""Users who draw a stroke: a line through the error, along its middle, or along its rim."""

from dataclasses import dataclass
from typing import Literal

import edt
import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion

from voxclick.errors import OptionError
from voxclick.prompts import Scribble
from voxclick.simulate.skeleton import skeleton
from voxclick.simulate.strokes import error_slice
from voxclick.simulate.user import SimulatedUser
from voxclick.types import Array
from voxclick.volume import Mask

Style = Literal["any", "line", "centre", "contour"]
STYLES: tuple[Style, ...] = ("line", "centre", "contour")


@dataclass(frozen=True)
class ScribbleUser(SimulatedUser):
    """A stroke on one slice of the error, inside it (nnInteractive's simulated scribbles).

    Attributes:
        style: A straight `line`, the `centre` of the shape (its skeleton), its `contour` a little
            inside, or `any` of them, all alike.
    """

    style: Style = "any"

    def __post_init__(self) -> None:
        if self.style not in ("any", *STYLES):
            raise OptionError(
                f"style must be any or one of {', '.join(STYLES)}, got {self.style!r}"
            )

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Scribble | None:
        seen = error_slice(truth, predicted, generator)
        if seen is None:
            return None
        style = STYLES[int(generator.integers(3))] if self.style == "any" else self.style
        if style == "line":
            places = _line(seen.plane, generator)
        else:
            places = _centre(seen.plane) if style == "centre" else _contour(seen.plane)
        return Scribble(seen.points(places), seen.positive)


def _line(plane: Bool[Array, "a b"], generator: np.random.Generator) -> Float[Array, "n 2"]:
    """The part inside the plane of a line between two of its voxels, far apart of those drawn."""
    voxels = np.argwhere(plane)
    ends = voxels[generator.integers(len(voxels), size=(8, 2))]
    lengths = np.abs(ends[:, 0] - ends[:, 1]).max(axis=1)
    first, last = ends[int(np.argmax(lengths))]
    steps = np.linspace(0, 1, int(lengths.max()) + 1)[:, None]
    along = np.unique(np.round(first + steps * (last - first)).astype(int), axis=0)
    inside: Array = along[plane[along[:, 0], along[:, 1]]].astype(np.float64)
    return inside


def _centre(plane: Bool[Array, "a b"]) -> Float[Array, "n 2"]:
    """The skeleton of the shape; the deepest voxels where nothing is left of it."""
    middle = skeleton(plane)
    if not middle.any():
        depth = edt.edt(np.ascontiguousarray(plane), black_border=True)
        middle = depth == depth.max()
    return np.argwhere(middle).astype(np.float64)


def _contour(plane: Bool[Array, "a b"]) -> Float[Array, "n 2"]:
    """The rim of the shape, one voxel inside it where it is wide enough."""
    inner = binary_erosion(plane)
    shape = inner if inner.any() else plane
    return np.argwhere(shape & ~binary_erosion(shape)).astype(np.float64)
