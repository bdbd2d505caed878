"""The recipe of supervised baselines: MONAI's DynUNet and SwinUNETR."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from voxclick.errors import InputError, OptionError
from voxclick.models.supervised.look import Look, header_of, told_by
from voxclick.models.supervised.network import build, network_of, stored
from voxclick.models.weights import read_weights, save_weights
from voxclick.train.curves import LOSS, Line, Panel
from voxclick.train.recipe import Recipe
from voxclick.train.schedule import cosine, polynomial
from voxclick.train.settings import Settings
from voxclick.train.split import Split, drawn_split, published_split
from voxclick.train.statistics import statistics_of
from voxclick.train.supervised.patches import LabelledPatch, Patches
from voxclick.train.supervised.settings import SupervisedSettings
from voxclick.train.supervised.step import SupervisedStep, mean_dice
from voxclick.train.visits import Visits
from voxclick.train.volumes import Held, Volumes


class SupervisedRecipe(Recipe[SupervisedSettings, LabelledPatch]):
    """Patches of the training cases, all structures at once; no prompts."""

    settings_type: ClassVar[type[Settings]] = SupervisedSettings
    told: ClassVar[tuple[str, ...]] = ("dice",)
    validated: ClassVar[tuple[str, ...]] = ("validation_dice",)
    panels: ClassVar[tuple[Panel, ...]] = (
        LOSS,
        Panel(
            "Dice in the patch",
            (Line("dice", "training"), Line("validation_dice", "validation", 1)),
            most=1.0,
        ),
    )

    def __init__(self, settings: SupervisedSettings, data: Path | None, processes: int) -> None:
        super().__init__(settings, data, processes)
        self.split, volumes = _split(settings, data)
        self._visits = Visits(settings, volumes, processes, self.split.train)
        self.look = self._looked()
        self._patches = Patches(settings, self.look.names, self.look.intensity)

    @property
    def steps(self) -> int:
        """Those of all epochs."""
        return self._visits.steps

    @property
    def batch(self) -> int:
        """As the settings say."""
        return self.settings.batch

    def network(self, start: Path | None) -> nn.Module:
        """A new network, or one that goes on from weights of the same form and structures.

        Raises:
            FileFormatError: If the start weights are none of a supervised network.
            OptionError: If they are of another form or other structures, or MONAI is missing.
        """
        sizes = self.settings.sizes(len(self.look.names))
        if start is None:
            return build(sizes)
        tensors, header = read_weights(start)
        theirs, look = told_by(header)
        if (theirs, look.names) != (sizes, self.look.names):
            raise OptionError(
                f"start weights must be of the same network and structures, {start} has "
                f"{theirs.kind} for {', '.join(look.names)}; give the configuration it began with"
            )
        return network_of(tensors, sizes).train()

    def module(self, network: nn.Module, threads: int) -> nn.Module:
        """One answer a step, at several scales."""
        return SupervisedStep(network)

    def draw(self, step: int, rank: int, number: int) -> LabelledPatch:
        """A patch of the case whose turn it is, around a structure of it or anywhere."""
        held, generator = self._visits.turn(step, rank, number)
        _, place = self._visits.place(held, generator)
        return self._patches.training(held, place, generator)

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        """SGD with Nesterov's momentum, or AdamW."""
        of = self.settings
        if of.optimiser == "adamw":
            return torch.optim.AdamW(network.parameters(), lr=of.rate, weight_decay=of.decay)
        return torch.optim.SGD(
            network.parameters(),
            lr=of.rate,
            momentum=of.momentum,
            nesterov=of.momentum > 0,
            weight_decay=of.decay,
        )

    def share(self, step: int) -> float:
        """Up over the warm-up, then down to nothing."""
        of = self.settings
        rising = round(of.warmup * self.steps)
        if step < rising:
            return (step + 1) / rising
        left = self.steps - rising
        if of.fall == "cosine":
            return cosine(step - rising, left, 0.0)
        return polynomial(step - rising, left)

    @torch.no_grad()
    def validate(self, network: nn.Module, step: int) -> dict[str, float]:
        """The mean Dice of one patch of each validation case, drawn anew each time."""
        found = []
        device = next(network.parameters()).device
        network.eval()
        for number, name in enumerate(self.split.validation):
            generator = np.random.default_rng((self.settings.seed, step, number))
            held = self._visits.volumes.held(name)
            _, place = self._visits.place(held, generator)
            patch = self._patches.validation(held, place)
            logits = network(torch.from_numpy(patch.image)[None, None].to(device))
            found.append(mean_dice(logits, torch.from_numpy(patch.truth)[None].to(device)))
        network.train()
        return {"validation_dice": float(np.nanmean(found)) if found else float("nan")}

    def write(
        self, path: Path, network: nn.Module, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """In float32, with the sizes, the structures and the look of its input in the header.

        Beside it a list of the cases of each part that has any, as `voxclick evaluate --cases`
        takes it.
        """
        header = header_of(self.settings.sizes(len(self.look.names)), self.look)
        for part, names in asdict(self.split).items():
            if names:
                listed = "".join(f"{name}\n" for name in names)
                path.with_name(f"{part}_cases.txt").write_text(listed, encoding="utf-8")
        model = {"model": self.settings.network, "run": json.dumps(told)}
        save_weights(path, stored(weights), {**header, **model})

    def _looked(self) -> Look:
        """The structures and the intensities, from the training cases where nobody gave them."""
        of = self.settings
        names, intensity = of.structures, of.known_intensity
        if not names or intensity is None:
            found: dict[str, None] = {}
            every_ct = True
            for held in self._training():
                found |= dict.fromkeys(held.names.values())
                every_ct &= held.ct
            names = names or tuple(sorted(found))
            if intensity is None and every_ct:
                intensity = statistics_of(self._training(), names)
        if not names:
            raise InputError(
                f"training needs labelled structures, got none in {len(self.split.train)} cases; "
                "look at their labels"
            )
        return Look(names, of.spacing, intensity)

    def _training(self) -> Iterator[Held]:
        return (self._visits.volumes.held(name) for name in self.split.train)


def _split(settings: SupervisedSettings, data: Path | None) -> tuple[Split, Volumes]:
    if data is None:
        raise OptionError("this recipe needs labelled volumes, got none; give them with --data")
    if settings.split:
        fold, data_set = max(settings.fold, 0), settings.data_set
        split, cases = published_split(data / settings.split, fold, data_set)
        return split.without(settings.exclude), Volumes.of_cases(cases)
    volumes = Volumes(data, settings.include, settings.exclude)
    if settings.fold < 0:
        return Split(volumes.names, (), ()), volumes
    return drawn_split(volumes.names, settings.fold, settings.seed), volumes
