"""The recipe of the built-in network."""

import json
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from voxclick.models.builtin.network import Network, Widths, channels_last
from voxclick.models.builtin.weights import read_weights
from voxclick.models.weights import save_weights
from voxclick.train.builtin.samples import Samples
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.builtin.step import SHOWN, ClickLoop, Sample
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.recipe import Recipe
from voxclick.train.schedule import rise_and_fall
from voxclick.train.settings import Settings

DICE = Panel(
    "Dice (dotted: evidence alone)",
    tuple(
        Line(f"{name}_{shown}", "" if dotted else str(shown), colour, dotted)
        for colour, shown in enumerate(SHOWN)
        for name, dotted in (("dice", False), ("evidence", True))
    ),
    legend="prompts",
    most=1.0,
)


class BuiltinRecipe(Recipe[BuiltinSettings, Sample]):
    """Made-up scenes and real patches, prompted in rounds; averaged weights in half precision."""

    settings_type: ClassVar[type[Settings]] = BuiltinSettings
    told: ClassVar[tuple[str, ...]] = ("dice_1", "evidence_1", "dice_3", "evidence_3")
    panels: ClassVar[tuple[Panel, ...]] = (LOSS, DICE)

    def __init__(self, settings: BuiltinSettings, data: Path | None, processes: int) -> None:
        super().__init__(settings, data, processes)
        self._samples = Samples(settings, data)

    @property
    def steps(self) -> int:
        """As the settings say."""
        return self.settings.steps

    @property
    def batch(self) -> int:
        """The scenes of a step."""
        return self.settings.scenes

    def network(self, start: Path | None) -> Network:
        """The network at the widths of the settings, or of the start weights.

        Raises:
            FileFormatError: If the start weights are no weights of the built-in network.
        """
        network = Network(Widths(levels=self.settings.levels))
        if start is not None:
            network = read_weights(start)
        channels_last(network)
        return network

    def module(self, network: Network, threads: int) -> nn.Module:
        """Rounds of prompts."""
        return ClickLoop(network, threads)

    def draw(self, step: int, rank: int, number: int) -> Sample:
        """A scene and its targets."""
        return self._samples.draw(step, rank, number)

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        """AdamW with a second decay that follows changes of the gradients sooner."""
        return torch.optim.AdamW(
            network.parameters(),
            lr=self.settings.rate,
            betas=(0.9, 0.98),
            weight_decay=self.settings.weight_decay,
        )

    def share(self, step: int) -> float:
        """Warm-up, level, cool-down."""
        of = self.settings
        return rise_and_fall(step, of.steps, of.warmup, of.cooldown)

    def write(
        self, path: Path, network: Network, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """Half precision, with the widths in the header."""
        halves = {name: value.half() for name, value in weights.items()}
        header = {
            "voxclick": "builtin",
            "widths": json.dumps(network.widths.as_dict()),
            "run": json.dumps(told),
        }
        save_weights(path, halves, header)
