"""The simulated user of SAM 2's training: boxes a little off, clicks anywhere in what is wrong."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from voxclick.types import Array

CORNERS = (2, 3)
"""Labels of a box's first and last corner."""


@dataclass(frozen=True)
class Said:
    """The prompts of one slice, the corners of a box first.

    Attributes:
        points: `x` and `y` in pixels.
        labels: 1 the object, 0 not, 2 and 3 corners.
    """

    points: tuple[tuple[float, float], ...] = field(default=())
    labels: tuple[int, ...] = field(default=())

    def add(self, x: float, y: float, label: int) -> "Said":
        """The same and one more."""
        return Said((*self.points, (x, y)), (*self.labels, label))

    def tensors(self, device: torch.device) -> tuple[Float[Tensor, "n 2"], Int[Tensor, " n"]]:
        """As the network takes them."""
        points = torch.tensor(self.points, dtype=torch.float32, device=device).reshape(-1, 2)
        return points, torch.tensor(self.labels, dtype=torch.int32, device=device)


def box_around(
    truth: Bool[Array, "h w"], noise: float, most: int, generator: np.random.Generator
) -> Said:
    """The object's box with strayed corners, as SAM 2's training draws it.

    Args:
        truth: The object, on one pixel at least.
        noise: Standard deviation, as a share of the box's size.
        most: Pixels that a corner strays at most.
        generator: Source of the randomness.
    """
    rows, columns = np.nonzero(truth)
    low = np.array([columns.min(), rows.min()], dtype=np.float64)
    high = np.array([columns.max(), rows.max()], dtype=np.float64)
    bound = np.minimum(noise * (high - low), most)
    last = np.array(truth.shape[::-1]) - 1
    said = Said()
    for corner, label in zip((low, high), CORNERS, strict=True):
        strayed = corner + np.clip(generator.normal(size=2) * bound, -most, most)
        x, y = np.clip(strayed, 0, last)
        said = said.add(float(x), float(y), label)
    return said


def click_on(
    truth: Bool[Array, "h w"],
    found: Bool[Array, "h w"],
    said: Said,
    generator: np.random.Generator,
) -> Said:
    """One more click anywhere in what is wrong; the same prompts where nothing is.

    SAM 2's training clicks somewhere outside where nothing is wrong; ours stops.

    Args:
        truth: The object.
        found: The answer; empty for a first click.
        said: The prompts so far.
        generator: Source of the randomness.
    """
    wrong = np.flatnonzero(truth != found)
    if not wrong.size:
        return said
    y, x = np.unravel_index(int(wrong[int(generator.integers(wrong.size))]), truth.shape)
    return said.add(float(x), float(y), int(truth[y, x]))
