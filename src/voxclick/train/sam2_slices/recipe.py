"""The recipe of SAM 2 on clips of slices."""

import json
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from voxclick.models.sam2_slices.convert import FAMILY
from voxclick.models.sam2_slices.network import SliceNetwork
from voxclick.models.weights import save_weights
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.epochs import EpochRecipe
from voxclick.train.sam2_slices.clips import SEEN, ClipSample, draw_clip
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.sam2_slices.start import freeze, new, part_of, plain, plan_of, started
from voxclick.train.sam2_slices.step import ClipFeedback
from voxclick.train.schedule import cosine
from voxclick.train.settings import Settings

ATTEMPTS = 10
"""Draws whose first slice may hardly show the object before the last one is taken."""


class ClipRecipe(EpochRecipe[ClipSettings, ClipSample]):
    """Clips of up to 8 slices and 5 objects; the image encoder stays as it is unless asked for."""

    settings_type: ClassVar[type[Settings]] = ClipSettings
    told: ClassVar[tuple[str, ...]] = ("dice_prompted", "dice_corrected", "dice_tracked")
    panels: ClassVar[tuple[Panel, ...]] = (
        LOSS,
        Panel(
            "Dice on a slice",
            (
                Line("dice_prompted", "after its prompt", 0),
                Line("dice_corrected", "after corrections", 1),
                Line("dice_tracked", "from memory", 2),
            ),
            most=1.0,
        ),
    )
    some_unused: ClassVar[bool] = True  # a clip has masks or boxes, corrections or none

    def network(self, start: Path | None) -> SliceNetwork:
        """The start weights on frames of the settings' size, or a new network.

        Raises:
            FileFormatError: If the start weights are none of SAM 2 or EdgeTAM.
        """
        of = self.settings
        network = new(of) if start is None else started(start, of.image_size)
        freeze(network, of.parts)
        return network

    def module(self, network: SliceNetwork, threads: int) -> nn.Module:
        """Clips with a simulated user; the image encoder has nothing that training changes."""
        network.train()
        return ClipFeedback(network, self.settings)

    def draw(self, step: int, rank: int, number: int) -> ClipSample:
        """A clip of the volume whose turn it is, from a slice with an object drawn at random."""
        held, generator = self._visits.turn(step, rank, number)
        for _ in range(ATTEMPTS):
            label, place = self._visits.place(held, generator)
            clip = draw_clip(held, label, place, self.settings, generator)
            if clip.truth[0, 0].sum() >= SEEN:
                break
        return clip

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        """AdamW; biases and norms are not pulled to 0, and the image encoder has its own rate."""
        assert isinstance(network, SliceNetwork)
        free = set(plain(network))
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                eyes = part_of(name) == "image_encoder"
                rate = self.settings.encoder_rate if eyes else self.settings.rate
                decay = 0.0 if name in free else self.settings.weight_decay
                groups.setdefault((rate, decay), []).append(parameter)
        return torch.optim.AdamW(
            [
                {"params": parameters, "lr": rate, "weight_decay": decay}
                for (rate, decay), parameters in groups.items()
            ]
        )

    def share(self, step: int) -> float:
        """Half a cosine down to a tenth."""
        return cosine(step, self.steps, self.settings.last_rate)

    def write(
        self, path: Path, network: SliceNetwork, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """As `voxclick fetch` writes a checkpoint, with the run beside the sizes."""
        header = {
            "voxclick": FAMILY,
            **plan_of(network).told(weights, network.frame_size),
            "run": json.dumps(told),
        }
        save_weights(path, weights, header)
