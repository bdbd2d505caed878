"""Prompts on a slice as what SAM and SAM 2 take: points with labels, and the corners of one box."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from voxclick.errors import PromptError
from voxclick.models.slices.plane import Plane
from voxclick.prompts import BoxPrompt, Prompt
from voxclick.prompts.lasso import Lasso
from voxclick.types import Array, Index3

STROKE = 8
"""A stroke becomes at most so many clicks, spread along it."""

FIRST_CORNER, LAST_CORNER = 2, 3


def clicks(
    prompts: Sequence[Prompt], plane: Plane, shape: Index3
) -> tuple[Float[Tensor, "n 2"], Int[Tensor, " n"]]:
    """The corners of the newest positive box, then a few clicks a prompt, oldest first.

    A lasso is the box around it and a click in it; a negative box is a click in its middle.

    Args:
        prompts: In indices of the slice's view.
        plane: Which way up the slice is shown.
        shape: Of the view.

    Returns:
        `x` and `y` in pixels of the view as it is shown, and SAM's label of each.

    Raises:
        PromptError: If there is no prompt.
    """
    corners: Float[Tensor, "c 2"] = torch.empty(0, 2)
    points, labels = [], []
    for prompt in prompts:
        if isinstance(prompt, BoxPrompt | Lasso) and prompt.positive:
            ends = plane.pixels(_extent(prompt), shape)
            corners = torch.stack([ends.amin(dim=0), ends.amax(dim=0)])
        if not isinstance(prompt, BoxPrompt) or not prompt.positive:
            places = plane.pixels(_places(prompt), shape)
            points.append(places)
            labels += [int(prompt.positive)] * len(places)
    kinds = [FIRST_CORNER, LAST_CORNER][: len(corners)] + labels
    if not kinds:
        raise PromptError("a slice needs a click or a box, got none; prompt it")
    return torch.cat([corners, *points]), torch.tensor(kinds, dtype=torch.int32)


def _extent(prompt: BoxPrompt | Lasso) -> Float[Array, "2 3"]:
    """The centres of the first and last voxels of a box, or of the box around a lasso."""
    if isinstance(prompt, Lasso):
        return np.stack([prompt.vertices.min(axis=0), prompt.vertices.max(axis=0)])
    start, stop = np.array(prompt.start), np.array(prompt.stop)
    return np.stack([start, np.maximum(stop - 1, start)])


def _places(prompt: Prompt) -> Float[Array, "n 3"]:
    """Where a prompt clicks: itself, along a stroke, or in the middle of an area."""
    if isinstance(prompt, BoxPrompt):
        return np.stack([_extent(prompt).mean(axis=0)])
    places = prompt.voxels().astype(np.float64)
    if isinstance(prompt, Lasso):
        away = np.abs(places - places.mean(axis=0)).sum(axis=1)
        return np.stack([places[int(away.argmin())]])
    wanted = min(len(places), STROKE)
    spread = ((np.arange(wanted) + 0.5) * len(places) / wanted).astype(np.int64)
    return np.stack([places[row] for row in spread])
