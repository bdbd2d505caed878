"""The recipe of CT-SAM3D's second stage: the network that carries a prompt to the next patch."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from voxclick.errors import OptionError
from voxclick.models.ct_sam3d.losses import heat_loss
from voxclick.models.ct_sam3d.network import Network
from voxclick.train.ct_sam3d.pairs import SEEN, Pair, draw_pair, heat_of
from voxclick.train.ct_sam3d.patches import CtPatch
from voxclick.train.ct_sam3d.recipe import started, write_network
from voxclick.train.ct_sam3d.settings import CrossPatchSettings
from voxclick.train.ct_sam3d.step import ClickFeedback
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.epochs import EpochRecipe
from voxclick.train.schedule import stepped
from voxclick.train.settings import Settings
from voxclick.types import Array

QUIET = 0.05
"""What is left of the heat of a new cross-patch network."""


class CrossPatchRecipe(EpochRecipe[CrossPatchSettings, Pair]):
    """Pairs of patches; the promptable network only answers, the cross-patch network learns."""

    settings_type: ClassVar[type[Settings]] = CrossPatchSettings
    told: ClassVar[tuple[str, ...]] = ("hit", "peak", "empty_peak", "dice")
    panels: ClassVar[tuple[Panel, ...]] = (
        LOSS,
        Panel(
            "share, or height",
            (
                Line("hit", "peaks in the object", 0),
                Line("peak", "peak", 1),
                Line("empty_peak", "peak without object", 2),
            ),
            most=1.0,
        ),
    )

    def network(self, start: Path | None) -> Network:
        """The start weights, frozen, with a cross-patch network to train: theirs, or a new one.

        Raises:
            OptionError: If there are no start weights.
            FileFormatError: If they are none of CT-SAM3D.
        """
        if start is None:
            raise OptionError(
                "this recipe needs weights of the recipe ct-sam3d, got none; "
                "train them first, and give them with --start"
            )
        network = started(start)
        if network.cpp_predictor is None:
            sizes = replace(network.sizes, cross_patch=self.settings.cross_patch)
            wider = Network(sizes)
            wider.load_state_dict(network.state_dict(), strict=False)
            _begin_quiet(wider)
            network = wider
        network.requires_grad_(False)
        assert network.cpp_predictor is not None
        network.cpp_predictor.requires_grad_(True)
        return network

    def module(self, network: Network, threads: int) -> nn.Module:
        """Answers, and heat maps from them."""
        return CrossPatchStep(network, self.settings)

    def draw(self, step: int, rank: int, number: int) -> Pair:
        """A pair of the volume whose turn it is."""
        held, generator = self._visits.turn(step, rank, number)
        return draw_pair(self._visits, held, self.settings, generator)

    def share(self, step: int) -> float:
        """Warm-up by epochs, and a tenth from each milestone on."""
        of = self.settings
        return stepped(self._visits.epoch(step), of.warmup_epochs, of.milestones)

    def write(
        self, path: Path, network: Network, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """Both networks in one file."""
        write_network(path, network, weights, told)


def _begin_quiet(network: Network) -> None:
    """Let a new cross-patch network begin with low heat everywhere.

    Its last convolution is added to a map that was normalised; it begins by taking most of that
    away, which it would else learn first, for hundreds of steps. Ours.
    """
    assert network.cpp_predictor is not None
    last = list(network.cpp_predictor.modules())[-1]
    assert isinstance(last, nn.Conv3d)
    assert last.bias is not None
    with torch.no_grad():
        last.weight.zero_()
        last.weight[0, 0, 1, 1, 1] = QUIET - 1
        last.bias.zero_()


class CrossPatchStep(nn.Module):
    """Heat maps from each patch of a pair to the other, and how far they are off.

    The mask of a patch is what the promptable network answers after its rounds of clicks; it gets
    no gradient. A patch that does not show the object gives no heat map, but is asked for one.

    Args:
        network: Both networks.
        settings: Rounds, points, and the width of the Gaussian.
    """

    def __init__(self, network: Network, settings: CrossPatchSettings) -> None:
        super().__init__()
        self.network = network.eval()
        self._feedback = ClickFeedback(network, settings)
        self._sigma = settings.heat_sigma

    def forward(self, samples: Sequence[Pair], seed: int) -> tuple[Tensor, dict[str, float]]:
        """The mean squared error of all heat maps, and what their peaks are worth.

        Args:
            samples: Pairs.
            seed: Of the simulated users.
        """
        patches = [patch for pair in samples for patch in (pair.first, pair.second)]
        with torch.no_grad():
            known = self._feedback.play(patches, seed)
        device = known.probabilities.device
        places = [n for n, each in enumerate(patches) if _shows(each)] or [*range(len(patches))]
        partner = [place ^ 1 for place in places]
        image = torch.from_numpy(np.stack([each.image for each in patches]))[:, None].to(device)
        mask = (known.probabilities > 0.5).float()
        heat = self.network.cross_patch(image[places], mask[places], image[partner])
        wanted = np.stack([heat_of(patches[place].truth, self._sigma) for place in partner])
        target = torch.from_numpy(wanted)[:, None].to(device)
        with torch.autocast(device.type, enabled=False):
            loss = heat_loss(heat.float(), target)
        shown = [patches[place] for place in partner]
        dice = float(np.mean([known.dice[-1][place] for place in places]))
        return loss, {**_peaks(heat.detach(), shown), "dice": dice}


def _shows(patch: CtPatch) -> bool:
    return int(np.count_nonzero(patch.truth)) >= SEEN


def _peaks(heat: Float[Tensor, "b 1 d h w"], patches: Sequence[CtPatch]) -> dict[str, float]:
    """How often a peak lies in the object, and how high peaks are with and without one."""
    hits: list[float] = []
    heights: dict[bool, list[float]] = {True: [], False: []}
    for one, patch in zip(heat[:, 0].float().cpu().numpy(), patches, strict=True):
        heights[_shows(patch)].append(float(one.max()))
        if _shows(patch):
            hits.append(float(patch.truth[np.unravel_index(int(np.argmax(one)), one.shape)]))
    return {
        "hit": _mean(hits),
        "peak": _mean(heights[True]),
        "empty_peak": _mean(heights[False]),
    }


def _mean(values: Sequence[float] | Array) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
