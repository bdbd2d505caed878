"""A whole volume without a prompt: crops that overlap, and the mean of their answers.

The way the prompt-free variant is used (arXiv 2306.13465, with MONAI's sliding window): crops go in
half-crop steps, each answer counts most in its middle, and what is above a half is the object.
"""

import itertools
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.errors import OptionError
from voxclick.models.sam_adapter3d.crop import crop_of
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.preprocess import View
from voxclick.preprocess.view import window
from voxclick.volume import Mask, Volume

WIDTH = 0.125
"""Standard deviation of a crop's weights, as a share of its side."""

LEAST = 1e-3
"""The smallest weight, so that corners are never without one."""

Answer = Callable[[Float[Tensor, "1 1 s s s"]], Float[Tensor, "s s s"]]
"""From a crop to probabilities on it."""


@torch.inference_mode()
def find_everywhere(
    network: Network, settings: Settings, volume: Volume, overlap: float = 0.5
) -> Mask:
    """What a network without prompts finds in a volume.

    Args:
        network: Without prompts, on the device where it should compute.
        settings: How it wants its crops.
        volume: The whole of it is searched.
        overlap: Share of a crop that the next one covers again.

    Raises:
        OptionError: If the network takes prompts, or the overlap is 1 or more.
    """
    if network.sizes.prompted:
        raise OptionError(
            "only a network without prompts finds objects by itself, got one that takes clicks; "
            "train the preset sam-adapter3d-auto"
        )
    device = network.encoder.pos_embed.device
    view = _whole(volume, settings)
    crop, turn = crop_of(view, settings)

    def answer(part: Float[Tensor, "1 1 s s s"]) -> Float[Tensor, "s s s"]:
        found: Tensor = network(part.to(device), None).float().softmax(1)[0, 1].cpu()
        return found

    found = turn.view(blended(crop[0, 0], settings.crop, overlap, answer))
    patch = view.restore(found)
    array = np.zeros(volume.grid.shape, dtype=np.bool_)
    array[patch.box.slices] = (patch.logits > 0.5).numpy()
    return Mask(array, volume.grid)


def blended(
    image: Float[Tensor, "d h w"], side: int, overlap: float, answer: Answer
) -> Float[Tensor, "d h w"]:
    """The mean of the answers of crops that overlap, weighted by a Gaussian around their middles.

    Args:
        image: No axis shorter than a crop.
        side: Voxels along each axis of a crop.
        overlap: Share of a crop that the next one covers again.
        answer: Gives probabilities.

    Raises:
        OptionError: If the overlap is not from 0 to below 1.
    """
    if not 0 <= overlap < 1:
        raise OptionError(f"overlap must be 0 or more and below 1, got {overlap}")
    weight = importance(side)
    total, weights = torch.zeros_like(image), torch.zeros_like(image)
    for d, h, w in itertools.product(*(starts(n, side, overlap) for n in image.shape)):
        place = (slice(d, d + side), slice(h, h + side), slice(w, w + side))
        total[place] += weight * answer(image[place][None, None])
        weights[place] += weight
    return total / weights


def importance(side: int) -> Float[Tensor, "s s s"]:
    """How much each voxel of a crop's answer counts."""
    away = torch.arange(side) - (side - 1) / 2
    line = torch.exp(-0.5 * (away / (WIDTH * side)) ** 2)
    cube = line[:, None, None] * line[:, None] * line
    return (cube / cube.max()).clamp(min=LEAST)


def starts(length: int, side: int, overlap: float) -> list[int]:
    """Where crops begin along an axis; the last one ends with it."""
    step = max(1, int(side * (1 - overlap)))
    last = length - side
    return sorted({*range(0, last, step), last})


def _whole(volume: Volume, settings: Settings) -> View:
    """All of a volume at the network's spacing, no axis shorter than a crop."""
    extent = np.array(volume.grid.shape) * volume.grid.spacing_mm
    shape = np.maximum(np.ceil(extent / settings.spacing_mm - 1e-6), settings.crop).astype(int)
    centre = (np.array(volume.grid.shape) - 1) / 2
    grid = window(
        volume.grid,
        (settings.spacing_mm,) * 3,
        (int(shape[0]), int(shape[1]), int(shape[2])),
        (float(centre[0]), float(centre[1]), float(centre[2])),
    )
    return View.of(volume, grid)
