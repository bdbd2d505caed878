"""The recipe of 3DSAM-adapter."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from voxclick.errors import OptionError
from voxclick.models.published import read_published
from voxclick.models.sam_adapter3d.checkpoint import read_network
from voxclick.models.sam_adapter3d.convert import from_published, from_sam, recognises
from voxclick.models.sam_adapter3d.encoder import Block
from voxclick.models.sam_adapter3d.losses import dice_loss
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import FAMILY
from voxclick.models.sam_adapter3d.settings import Settings as Look
from voxclick.models.weights import read_header, save_weights
from voxclick.preprocess.statistics import Intensity
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.recipe import Recipe
from voxclick.train.sam_adapter3d.crops import Crops, TumourCrop
from voxclick.train.sam_adapter3d.settings import TumourSettings
from voxclick.train.sam_adapter3d.step import TumourStep, answer, validation_clicks
from voxclick.train.sam_adapter3d.tuning import merged, tune
from voxclick.train.schedule import falling
from voxclick.train.settings import Settings
from voxclick.train.split import Split, drawn_split, published_split
from voxclick.train.statistics import statistics_of
from voxclick.train.visits import Visits
from voxclick.train.volumes import Volumes

PARTS = ("encoder", "prompt_encoder", "decoder")
"""What has an optimiser of its own in the published training."""


class TumourRecipe(Recipe[TumourSettings, TumourCrop]):
    """One crop of one tumour a step; SAM's own weights stay as they are."""

    settings_type: ClassVar[type[Settings]] = TumourSettings
    told: ClassVar[tuple[str, ...]] = ("dice",)
    validated: ClassVar[tuple[str, ...]] = ("validation_loss",)
    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("loss", (*LOSS.lines, Line("validation_loss", "1 - Dice, validation", 1))),
        Panel("Dice in the crop", (Line("dice"),), most=1.0),
    )

    def __init__(self, settings: TumourSettings, data: Path | None, processes: int) -> None:
        super().__init__(settings, data, processes)
        self.split, volumes = _split(settings, data)
        self._visits = Visits(settings, volumes, processes, self.split.train)
        self.intensity = settings.known_intensity or self._computed()
        self._crops = Crops(settings, self.intensity)

    @property
    def steps(self) -> int:
        """Those of all epochs."""
        return self._visits.steps

    @property
    def batch(self) -> int:
        """1."""
        return self.settings.batch

    def network(self, start: Path | None) -> Network:
        """A network on top of SAM's image encoder, or one that goes on, or a new one.

        Args:
            start: SAM ViT-B in either of its formats, or weights of 3DSAM-adapter, ours or
                published; None for none of SAM's weights, as small networks have.

        Raises:
            FileFormatError: If it is none of these.
            OptionError: If it takes clicks and should not, or the other way round.
        """
        network = self._started(start)
        sizes = self.settings.sizes
        for name in ("prompted", "signed_points"):
            ours, wanted = getattr(network.sizes, name), getattr(sizes, name)
            if ours != wanted:
                raise OptionError(f"{name} must be as in the start weights, {ours}, got {wanted}")
        tune(network, self.settings)
        network.encoder.checkpointing = self.settings.recompute
        return network.train()

    def module(self, network: Network, threads: int) -> nn.Module:
        """One answer a step."""
        return TumourStep(network, self.settings)

    def draw(self, step: int, rank: int, number: int) -> TumourCrop:
        """A crop of the case whose turn it is, around a tumour of it or beside."""
        held, generator = self._visits.turn(step, rank, number)
        label, place = self._visits.place(held, generator)
        return self._crops.training(held, label, place, generator)

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        """AdamW without decay; each part's gradients are cut by themselves."""
        groups = [
            {"params": [each for each in part.parameters() if each.requires_grad]}
            for name in PARTS
            if (part := getattr(network, name)) is not None
        ]
        return torch.optim.AdamW(groups, lr=self.settings.rate, weight_decay=0.0)

    def share(self, step: int) -> float:
        """A line down to a hundredth, epoch by epoch."""
        of = self.settings
        return falling(self._visits.epoch(step), of.epochs, of.last_rate)

    @torch.no_grad()
    def validate(self, network: Network, step: int) -> dict[str, float]:
        """1 minus the soft Dice on one crop of each validation case, drawn anew each time."""
        losses = []
        network.eval()
        for number, name in enumerate(self.split.validation):
            generator = np.random.default_rng((self.settings.seed, step, number))
            held = self._visits.volumes.held(name)
            label, place = self._visits.place(held, generator)
            crop = self._crops.validation(held, label, place)
            clicks = validation_clicks(crop.truth, self.settings.clicks, generator)
            logits, truth = answer(network, crop, clicks)
            losses.append(float(dice_loss(logits.float().softmax(1)[:, 1], truth)))
        network.train()
        return {"validation_loss": float(np.mean(losses)) if losses else float("nan")}

    def write(
        self, path: Path, network: Network, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """In float32, with the sizes and how the network wants its crops in the header."""
        of = self.settings
        look = Look(self.intensity, of.crop, of.spacing_mm, of.axes)
        sizes = json.dumps(network.sizes.as_dict())
        header = {"voxclick": FAMILY, "sizes": sizes, **look.header(), "run": json.dumps(told)}
        save_weights(path, merged(weights, network), header)

    def _computed(self) -> Intensity:
        held = (self._visits.volumes.held(name) for name in self.split.train)
        return statistics_of(held, self.settings.structures)

    def _started(self, start: Path | None) -> Network:
        sizes = self.settings.sizes
        if start is None:
            network = Network(sizes)
            nn.init.trunc_normal_(network.encoder.pos_embed, std=0.02)
            for block in network.encoder.blocks:
                assert isinstance(block, Block)
                block.attn.start_depth()
            return network
        if start.suffix == ".safetensors" and "voxclick" in read_header(start):
            return read_network(start)[0].requires_grad_(True)
        held = read_published(start)
        if recognises(held):
            return from_published(held)
        return from_sam(held, sizes)


def _split(settings: TumourSettings, data: Path | None) -> tuple[Split, Volumes]:
    if data is None:
        raise OptionError("this recipe needs labelled volumes, got none; give them with --data")
    if settings.split:
        split, cases = published_split(data / settings.split, settings.fold, settings.data_set)
        return split.without(settings.exclude), Volumes.of_cases(cases)
    volumes = Volumes(data, settings.include, settings.exclude)
    return drawn_split(volumes.names, settings.fold, settings.seed), volumes
