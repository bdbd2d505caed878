"""The user of the training: prompts of all kinds for one target, and masks to start from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.ndimage import gaussian_filter, zoom

from voxclick.geometry import Grid
from voxclick.prompts import Prompt
from voxclick.simulate.boxes import BoxUser, SliceBoxUser
from voxclick.simulate.clicks import CenterClick, RandomClick, UniformClick
from voxclick.simulate.lassos import LassoUser
from voxclick.simulate.scribbles import ScribbleUser
from voxclick.simulate.user import SimulatedUser
from voxclick.types import Array, Vector3
from voxclick.volume import Mask

FIRST: tuple[tuple[SimulatedUser, float], ...] = (
    (CenterClick(), 0.35),
    (RandomClick(), 0.3),
    (UniformClick(), 0.05),
    (BoxUser(), 0.12),
    (SliceBoxUser(), 0.05),
    (ScribbleUser(), 0.08),
    (LassoUser(), 0.05),
)
LATER: tuple[tuple[SimulatedUser, float], ...] = (
    (CenterClick(), 0.45),
    (RandomClick(), 0.35),
    (UniformClick(), 0.08),
    (ScribbleUser(), 0.08),
    (LassoUser(), 0.04),
)
"""Users for the first and for later prompts, each with its share."""

COARSE = 0.15
"""Share of the targets that start from a coarse mask, as refinement of a wide view does."""


@dataclass(frozen=True, eq=False)
class Target:
    """One object of a scene.

    Attributes:
        truth: Its voxels.
        rounds: How often it is prompted.
        start: A coarse mask to start from; None for none.
    """

    truth: Bool[Array, "i j k"]
    rounds: int
    start: Bool[Array, "i j k"] | None


def scene_grid(shape: tuple[int, int, int], lengths: Vector3) -> Grid:
    """The grid on which simulated users see a scene."""
    return Grid(shape, np.diag([*lengths, 1.0]))


def next_prompt(
    target: Target, found: Bool[Array, "i j k"], grid: Grid, generator: np.random.Generator
) -> Prompt | None:
    """What a user drawn at random says next; None where nothing is wrong."""
    users = LATER if found.any() else FIRST
    shares = np.array([share for _, share in users])
    user, _ = users[int(generator.choice(len(users), p=shares / shares.sum()))]
    prompt = user.next_prompt(Mask(target.truth, grid), Mask(found, grid), generator)
    if prompt is None and not isinstance(user, CenterClick):
        return CenterClick().next_prompt(Mask(target.truth, grid), Mask(found, grid), generator)
    return prompt


def coarse_mask(
    truth: Bool[Array, "i j k"], generator: np.random.Generator
) -> Bool[Array, "i j k"] | None:
    """What a view two to four times coarser might have found; None where that is nothing."""
    factor = float(generator.uniform(2.0, 4.0))
    small = zoom(gaussian_filter(truth.astype(np.float32), factor / 2), 1 / factor, order=1)
    noise = gaussian_filter(generator.normal(size=small.shape), 1.0).astype(np.float32)
    small = small + noise * generator.uniform(0.2, 1.2)
    scale = [n / m for n, m in zip(truth.shape, small.shape, strict=True)]
    wide = zoom(small, scale, order=1)
    made = np.zeros(truth.shape, dtype=np.bool_)
    i, j, k = (min(n, m) for n, m in zip(truth.shape, wide.shape, strict=True))
    made[:i, :j, :k] = wide[:i, :j, :k] > generator.uniform(0.35, 0.65)
    return made if made.any() else None
