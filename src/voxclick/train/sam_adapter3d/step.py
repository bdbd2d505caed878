"""One training step of 3DSAM-adapter: a crop, a handful of clicks, one answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from voxclick.models.sam_adapter3d.losses import dice_and_cross_entropy
from voxclick.models.sam_adapter3d.network import Network
from voxclick.train.sam_adapter3d.crops import TumourCrop
from voxclick.train.sam_adapter3d.settings import TumourSettings
from voxclick.types import Array


@dataclass(frozen=True, eq=False)
class Clicks:
    """Clicks in a crop.

    Attributes:
        at: Voxels, along depth, height and width.
        positive: Which of them lie in the object.
    """

    at: Float[Array, "n 3"]
    positive: Bool[Array, " n"]

    def dwh(self, device: torch.device) -> Float[Tensor, "n 3"]:
        """Along depth, width and height, as the network takes them."""
        return torch.from_numpy(self.at[:, [0, 2, 1]]).float().to(device)


def training_clicks(
    truth: Bool[Array, "d h w"], inside: int, anywhere: int, generator: np.random.Generator
) -> Clicks:
    """Clicks in the object and anywhere; without an object, anywhere alone.

    In the published code those anywhere were meant to lie in the background, but may lie in the
    object too, and no click has a sign. A network with signed points is told theirs.

    Args:
        truth: The object.
        inside: Clicks in it, drawn with replacement.
        anywhere: Further ones.
        generator: Source of the randomness.
    """
    voxels = np.argwhere(truth)
    own = voxels[generator.integers(len(voxels), size=inside if len(voxels) else 0)]
    others = generator.integers(0, truth.shape, size=(anywhere, 3))
    at = np.concatenate([own.reshape(-1, 3), others])
    return Clicks(at.astype(np.float64), truth[tuple(at.T)])


def validation_clicks(
    truth: Bool[Array, "d h w"], inside: int, generator: np.random.Generator
) -> Clicks:
    """Clicks in the object; where there is none, as many anywhere."""
    clicks = training_clicks(truth, inside, inside, generator)
    kept = slice(0, inside)
    return Clicks(clicks.at[kept], clicks.positive[kept])


def answer(
    network: Network, crop: TumourCrop, clicks: Clicks
) -> tuple[Float[Tensor, "1 2 d h w"], Bool[Tensor, "1 d h w"]]:
    """The network's logits of a crop, and the truth beside them."""
    device = network.encoder.pos_embed.device
    image = torch.from_numpy(crop.image)[None, None].to(device)
    points = signs = None
    if network.sizes.prompted:
        points = clicks.dwh(device)
        if network.sizes.signed_points:
            signs = torch.from_numpy(clicks.positive).to(device)
    return network(image, points, signs), torch.from_numpy(crop.truth)[None].to(device)


class TumourStep(nn.Module):
    """The loss of one crop.

    Args:
        network: What is trained.
        settings: Clicks.
    """

    def __init__(self, network: Network, settings: TumourSettings) -> None:
        super().__init__()
        self.network = network
        self._settings = settings

    def forward(self, samples: Sequence[TumourCrop], seed: int) -> tuple[Tensor, dict[str, float]]:
        """Dice and cross entropy, half each, and the Dice of the answer.

        Args:
            samples: One crop.
            seed: Of the clicks.
        """
        (crop,) = samples
        generator = np.random.default_rng(seed)
        of = self._settings
        clicks = training_clicks(crop.truth, of.clicks, of.anywhere, generator)
        logits, truth = answer(self.network, crop, clicks)
        with torch.autocast(logits.device.type, enabled=False):
            loss = dice_and_cross_entropy(logits, truth)
        return loss, {"dice": dice(logits.detach(), truth)}


def dice(logits: Float[Tensor, "1 2 d h w"], truth: Bool[Tensor, "1 d h w"]) -> float:
    """Dice of the mask; not a number where the crop shows no object."""
    if not truth.any():
        return float("nan")
    found = logits[:, 1] > logits[:, 0]
    return 2 * int((found & truth).sum()) / int(found.sum() + truth.sum())
