"""The simulated user of CT-SAM3D's training: a handful of points, then one click a round."""

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Bool, Int
from scipy.ndimage import binary_dilation

from voxclick.geometry import Grid
from voxclick.simulate.clicks import CenterClick, RandomClick
from voxclick.types import Array
from voxclick.volume import Mask

CENTRAL = 0.5
"""Share of the first points that lie deepest inside, and of the later clicks in the middle of the
largest error; the others lie anywhere. Ours."""

NEAR = 0.5
"""Share of the negative points that lie within `NEAR_VOXELS` of the object. Ours."""

NEAR_VOXELS = 5


@dataclass(frozen=True)
class Click:
    """One click in a patch.

    Attributes:
        at: Its voxel, along `d`, `h`, `w`.
        positive: Whether the object is there.
    """

    at: tuple[int, int, int]
    positive: bool


def first_points(
    truth: Bool[Array, "d h w"], most: int, gamma: float, generator: np.random.Generator
) -> list[Click]:
    """Points before the first answer: one positive at least, where there is an object.

    The number of either sign is drawn by itself; each further point is `gamma` times as likely
    (the sampler of RITM, whose names the published configuration uses).

    Args:
        truth: The object; the list has no positive points if it is empty.
        most: Of each sign.
        gamma: Share by which each further point is less likely.
        generator: Source of the randomness.
    """
    inside = np.argwhere(truth)
    wanted = _count(1, most, gamma, generator)
    points = inside[generator.integers(len(inside), size=wanted)] if len(inside) else inside
    if len(points) and generator.random() < CENTRAL:
        depth = edt.edt(np.ascontiguousarray(truth), black_border=False)
        points[0] = np.unravel_index(int(np.argmax(depth)), truth.shape)
    negatives = _outside(truth, _count(0, most, gamma, generator), generator)
    return [*(_click(at, True) for at in points), *(_click(at, False) for at in negatives)]


def next_click(
    truth: Bool[Array, "d h w"], found: Bool[Array, "d h w"], generator: np.random.Generator
) -> Click | None:
    """A click on what is wrong, in the middle of it or anywhere; None where nothing is."""
    grid = Grid(truth.shape, np.eye(4))
    user = CenterClick() if generator.random() < CENTRAL else RandomClick(alpha=1.0)
    point = user.next_prompt(Mask(truth, grid), Mask(found, grid), generator)
    if point is None:
        return None
    return _click(np.rint(point.at).astype(np.int64), point.positive)


def _count(least: int, most: int, gamma: float, generator: np.random.Generator) -> int:
    numbers = np.arange(least, most + 1)
    shares = gamma ** numbers.astype(np.float64)
    return int(generator.choice(numbers, p=shares / shares.sum()))


def _outside(
    truth: Bool[Array, "d h w"], count: int, generator: np.random.Generator
) -> Int[Array, "n 3"]:
    anywhere = ~truth
    around = anywhere & binary_dilation(truth, iterations=NEAR_VOXELS) if count else anywhere
    near = int(generator.binomial(count, NEAR)) if around.any() else 0
    drawn = [np.zeros((0, 3), dtype=np.int64)]
    for where, wanted in ((around, near), (anywhere, count - near)):
        voxels = np.argwhere(where) if wanted else drawn[0]
        if len(voxels):
            drawn.append(voxels[generator.integers(len(voxels), size=wanted)])
    return np.concatenate(drawn)


def _click(at: Int[Array, "3"], positive: bool) -> Click:
    d, h, w = (int(each) for each in at)
    return Click((d, h, w), positive)
