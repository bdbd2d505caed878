"""One training step of CT-SAM3D: patches, clicks, answers, and clicks on what was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from voxclick.models.ct_sam3d.losses import mask_loss
from voxclick.models.ct_sam3d.network import Network
from voxclick.train.ct_sam3d.clicks import Click, first_points, next_click
from voxclick.train.ct_sam3d.patches import CtPatch
from voxclick.train.ct_sam3d.settings import PatchSettings
from voxclick.types import Array

NOTHING = -1
"""The label of a place that holds no click."""


@dataclass(frozen=True, eq=False)
class Known:
    """What the rounds leave behind.

    Attributes:
        losses: Of each round.
        probabilities: Of the last one.
        clicks: Of each sample.
        dice: Of each round and sample.
    """

    losses: list[Tensor]
    probabilities: Float[Tensor, "b 1 d h w"]
    clicks: list[list[Click]]
    dice: list[list[float]]


class ClickFeedback(nn.Module):
    """Answers every patch for some rounds, each with one more click on what was wrong.

    Each round sees all clicks so far and the probabilities of the round before, through which no
    gradient goes. The loss is the mean over the rounds (ours: the published configuration tells
    their number only).

    Args:
        network: What is trained.
        settings: Rounds and points.
        recompute: Whether the decoder's activations are computed again for the gradients.
    """

    def __init__(self, network: Network, settings: PatchSettings, recompute: bool = False) -> None:
        super().__init__()
        self.network = network
        self._settings = settings
        self._recompute = recompute

    def forward(self, samples: Sequence[CtPatch], seed: int) -> tuple[Tensor, dict[str, float]]:
        """The mean loss over all rounds, and the mean Dice after each.

        Args:
            samples: Patches of one size.
            seed: Of the simulated users.
        """
        known = self.play(samples, seed)
        dice = {f"dice_{n}": float(np.mean(each)) for n, each in enumerate(known.dice, start=1)}
        return torch.stack(known.losses).mean(), dice

    def play(self, samples: Sequence[CtPatch], seed: int) -> Known:
        """All rounds of some patches."""
        device = next(self.network.parameters()).device
        users = [np.random.default_rng((seed, place)) for place in range(len(samples))]
        image = torch.from_numpy(np.stack([each.image for each in samples]))[:, None].to(device)
        wanted = np.stack([each.truth for each in samples])
        truth = torch.from_numpy(wanted)[:, None].float().to(device)
        of = self._settings
        clicks = [
            first_points(each.truth, of.most_points, of.gamma, user)
            for each, user in zip(samples, users, strict=True)
        ]
        previous = torch.from_numpy(
            np.stack(
                [_handed(one, of.handed, user) for one, user in zip(wanted, users, strict=True)]
            )
        )[:, None].to(device)
        features = self.network.encode(image)
        losses: list[Tensor] = []
        dice: list[list[float]] = []
        for number in range(of.rounds):
            if number:
                found = (previous[:, 0] > 0.5).cpu().numpy()
                for place, user in enumerate(users):
                    click = next_click(wanted[place], found[place], user)
                    clicks[place] += [] if click is None else [click]
            logits = self._decode(features, previous, clicks)
            with torch.autocast(device.type, enabled=False):
                probabilities = torch.sigmoid(logits.float())
                losses.append(mask_loss(probabilities, truth))
            previous = probabilities.detach()
            dice.append(_dice(previous, truth))
        return Known(losses, previous, clicks, dice)

    def _decode(
        self,
        features: list[Tensor],
        previous: Float[Tensor, "b 1 d h w"],
        clicks: list[list[Click]],
    ) -> Float[Tensor, "b 1 d h w"]:
        maps = click_maps_of(self.network, clicks, previous)
        prompts = torch.cat([previous, maps], dim=1)
        if not self._recompute:
            return self.network.decode(features, prompts)
        logits: Tensor = checkpoint(self.network.decode, features, prompts, use_reentrant=False)
        return logits


def click_maps_of(
    network: Network, clicks: Sequence[Sequence[Click]], like: Float[Tensor, "b 1 d h w"]
) -> Float[Tensor, "b 2 d h w"]:
    """The maps of positive and negative clicks, for each sample, of the shape of `like`."""
    most = max(1, *(len(each) for each in clicks))
    points = torch.zeros(len(clicks), most, 3)
    labels = torch.full((len(clicks), most), float(NOTHING))
    for place, each in enumerate(clicks):
        for number, click in enumerate(each):
            points[place, number] = torch.tensor(click.at[::-1], dtype=torch.float32)
            labels[place, number] = float(click.positive)
    shape = (like.shape[2], like.shape[3], like.shape[4])
    return network.prompt_maps(points, labels, shape).to(like.device)


def _handed(
    truth: Bool[Array, "d h w"], share: float, generator: np.random.Generator
) -> Float[Array, "d h w"]:
    """Nothing, or the object on one side of a plane through it, as a neighbour would know it."""
    known = np.zeros(truth.shape, dtype=np.float32)
    if generator.random() < share and truth.any():
        axis = int(generator.integers(3))
        places = np.flatnonzero(np.moveaxis(truth, axis, 0).any(axis=(1, 2)))
        cut = int(generator.integers(places[0], places[-1] + 1))
        side = slice(0, cut) if generator.random() < 0.5 else slice(cut, None)
        np.moveaxis(known, axis, 0)[side] = np.moveaxis(truth, axis, 0)[side]
    return known


def _dice(found: Float[Tensor, "b 1 d h w"], truth: Float[Tensor, "b 1 d h w"]) -> list[float]:
    mask = (found > 0.5).float()
    both = (mask * truth).flatten(1).sum(1)
    either = (mask + truth).flatten(1).sum(1)
    dice: list[float] = torch.where(either > 0, 2 * both / either.clamp(min=1), 1.0).tolist()
    return dice
