"""The recipe of CT-SAM3D's first stage: the promptable network."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.segmenter import read_network
from voxclick.models.weights import save_weights
from voxclick.train.ct_sam3d.patches import CtPatch, frame_at, read_patch
from voxclick.train.ct_sam3d.settings import CtSettings
from voxclick.train.ct_sam3d.step import ClickFeedback
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.epochs import EpochRecipe
from voxclick.train.schedule import stepped
from voxclick.train.settings import Settings

FAMILY = "ct_sam3d"
SHOWN = (1, 2, 3, 5)
"""Rounds whose Dice the curve shows."""

SEEN = 30
"""Voxels that a patch must show of its object."""

ATTEMPTS = 10
"""Draws that may miss their object before the last one is taken."""


class CtRecipe(EpochRecipe[CtSettings, CtPatch]):
    """Patches of one object each, rounds of click feedback; the last weights in float32."""

    settings_type: ClassVar[type[Settings]] = CtSettings
    told: ClassVar[tuple[str, ...]] = ("dice_1", "dice_3", "dice_5")
    panels: ClassVar[tuple[Panel, ...]] = (
        LOSS,
        Panel(
            "Dice in the patch",
            tuple(Line(f"dice_{n}", str(n), colour) for colour, n in enumerate(SHOWN)),
            legend="round",
            most=1.0,
        ),
    )

    def network(self, start: Path | None) -> Network:
        """A new network of the settings' sizes, or the start weights.

        Raises:
            FileFormatError: If the start weights are none of CT-SAM3D.
        """
        if start is None:
            sizes = self.settings.sizes
            published = self.settings.published_start
            return Network.untrained(sizes, self.settings.seed) if published else Network(sizes)
        network = started(start)
        if network.cpp_predictor is not None:
            network.cpp_predictor.requires_grad_(False)
        return network

    def module(self, network: Network, threads: int) -> nn.Module:
        """Rounds of click feedback."""
        return ClickFeedback(network, self.settings, self.settings.recompute)

    def draw(self, step: int, rank: int, number: int) -> CtPatch:
        """A patch of the volume whose turn it is, around an object drawn at random."""
        held, generator = self._visits.turn(step, rank, number)
        for _ in range(ATTEMPTS):
            label, place = self._visits.place(held, generator)
            frame = frame_at(held, place, self.settings, generator)
            patch = read_patch(held, label, frame, self.settings.window_hu)
            if np.count_nonzero(patch.truth) >= SEEN:
                break
        return patch

    def share(self, step: int) -> float:
        """Warm-up by epochs, and a tenth from each milestone on."""
        of = self.settings
        return stepped(self._visits.epoch(step), of.warmup_epochs, of.milestones)

    def write(
        self, path: Path, network: Network, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """In float32, with the sizes in the header."""
        write_network(path, network, weights, told)


def started(path: Path) -> Network:
    """A network with weights to train on.

    Raises:
        FileFormatError: If these are no weights of CT-SAM3D.
    """
    return read_network(path).train().requires_grad_(True)


def write_network(
    path: Path, network: Network, weights: dict[str, Tensor], told: dict[str, Any]
) -> None:
    """Weights in float32, with the sizes of their network and the run in the header."""
    header = {"voxclick": FAMILY, "sizes": network.sizes.to_json(), "run": json.dumps(told)}
    save_weights(path, weights, header)
