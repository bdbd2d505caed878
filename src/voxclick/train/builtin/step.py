"""One training step: scenes, their targets, and rounds of prompts, as one loss."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from voxclick.models.builtin.folding import Folding
from voxclick.models.builtin.maps import Maps, image_maps, prompt_maps
from voxclick.models.builtin.network import Network
from voxclick.models.evidence.race import Evidence, obedient, weigh
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import Seeds, gather
from voxclick.prompts import Prompt
from voxclick.train.builtin.losses import cross_entropy, soft_dice_loss
from voxclick.train.builtin.prompting import Target, next_prompt, scene_grid
from voxclick.types import Array, Index3, Vector3

UNPROMPTED = 0.6
"""Share of the coarse masks that are refined before any prompt is seen."""

SHOWN = (1, 2, 3, 5)
"""Rounds whose Dice is told."""

REPEATED = 0.1
"""Share of the later rounds without a new prompt, as where a mask is refined patch by patch."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A scene and what to segment in it.

    Attributes:
        image: Intensities in any scale.
        lengths: Length of a step along each axis; 1 for the finest.
        valid: Voxels that count.
        cut: The faces behind which the volume goes on.
        targets: Objects.
    """

    image: Float[Array, "i j k"]
    lengths: Vector3
    valid: Bool[Array, "i j k"]
    cut: Bool[Array, "i j k"]
    targets: tuple[Target, ...]


@dataclass(frozen=True, eq=False)
class Setting:
    """A sample as evidence and network see it."""

    sample: Sample
    scene: Scene
    folding: Folding

    @classmethod
    def of(cls, sample: Sample) -> "Setting":
        """The setting of a sample."""
        scene = Scene.of(sample.image, sample.lengths, sample.cut)
        return cls(sample, scene, Folding.of(scene.intensity.shape, scene.lengths))


@dataclass(eq=False)
class Played:
    """How far one target has come.

    Attributes:
        target: The target.
        setting: Where it lies.
        place: Of the setting in its batch.
        generator: Of its simulated user.
        found: Its mask so far.
        prompts: What it was told so far.
        dice: After each round, of the network and of the evidence that it corrects.
    """

    target: Target
    setting: Setting
    place: int
    generator: np.random.Generator
    found: Bool[Array, "i j k"]
    prompts: list[Prompt] = field(default_factory=list)
    dice: list[tuple[float, float]] = field(default_factory=list)

    def prompt(self) -> tuple[Seeds, Evidence, Maps]:
        """Ask the user for the next prompt, and say what it means."""
        scene = self.setting.scene
        refining = self.target.start is not None and not self.prompts
        silent = UNPROMPTED if refining else REPEATED * bool(self.prompts)
        if self.generator.random() >= silent:
            grid = scene_grid(scene.intensity.shape, scene.lengths)
            prompt = next_prompt(self.target, self.found, grid, self.generator)
            self.prompts += [] if prompt is None else [prompt]
        before = self.found.astype(np.float32) if self.found.any() else None
        seeds = gather(self.prompts, scene.intensity, scene.lengths)
        evidence = weigh(scene, seeds, before)
        return seeds, evidence, prompt_maps(scene, seeds, evidence, self.setting.folding)

    def answer(self, logits: Float[Array, "i j k"], seeds: Seeds, evidence: Evidence) -> None:
        """Take the network's answer as the mask so far."""
        valid = self.setting.sample.valid
        wanted = self.target.truth & valid
        self.found = (obedient(logits, seeds, evidence.prior) > 0) & valid
        self.dice.append((_dice(self.found, wanted), _dice(evidence.score > 0, wanted)))


class ClickLoop(nn.Module):
    """Prompts every target for its rounds, and tells how wrong the network was at each.

    The mask of one round is the previous mask of the next; no gradient goes through it, nor
    through the evidence, which is not differentiable.

    Args:
        network: What is trained.
        threads: How many targets have their evidence weighed at a time.
    """

    def __init__(self, network: Network, threads: int = 1) -> None:
        super().__init__()
        self.network = network
        self._pool = ThreadPoolExecutor(threads)

    def forward(self, samples: list[Sample], seed: int) -> tuple[Tensor, dict[str, float]]:
        """The mean loss over all rounds of all targets, and the mean Dice after some of them.

        Args:
            samples: Scenes; those of one shape go through the network together.
            seed: Of the simulated users.
        """
        loss, played = self.play(samples, seed)
        return loss, _quality(played)

    def play(self, samples: list[Sample], seed: int) -> tuple[Tensor, list[Played]]:
        """The mean loss over all rounds of all targets, and how each target came on."""
        groups: dict[tuple[Index3, Index3], list[Setting]] = {}
        for setting in self._pool.map(Setting.of, samples):
            groups.setdefault((setting.folding.shape, setting.folding.folded), []).append(setting)
        losses: list[Tensor] = []
        played: list[Played] = []
        for group in groups.values():
            features = self._embed(group)
            playing = [
                Played(target, setting, place, _user(seed, place, n), _start(target))
                for place, setting in enumerate(group)
                for n, target in enumerate(setting.sample.targets)
            ]
            for number in range(max(one.target.rounds for one in playing)):
                active = [one for one in playing if number < one.target.rounds]
                losses.append(self._round(features, active))
            played += playing
        return torch.cat(losses).mean(), played

    def _embed(self, group: list[Setting]) -> list[Tensor]:
        images = [image_maps(each.scene, each.folding) for each in group]
        return self.network.embed(torch.stack(images).to(self._device))

    def _round(self, features: list[Tensor], active: list[Played]) -> Float[Tensor, " n"]:
        asked = list(self._pool.map(Played.prompt, active))
        folded = torch.stack([maps.folded for _, _, maps in asked]).to(self._device)
        fine = torch.stack([maps.fine for _, _, maps in asked]).to(self._device)
        room = torch.stack([maps.room for _, _, maps in asked]).to(self._device)
        places = torch.tensor([one.place for one in active], device=self._device)
        unfolded = self.network.correct([feature[places] for feature in features], folded)
        back = [
            one.setting.folding.back(channels)
            for one, channels in zip(active, unfolded, strict=True)
        ]
        logits = self.network.finish(torch.stack(back), fine, room)[:, 0]
        for one, (seeds, evidence, _), answer in zip(
            active, asked, logits.detach().float().cpu().numpy(), strict=True
        ):
            one.answer(answer, seeds, evidence)
        truth = torch.from_numpy(np.stack([one.target.truth for one in active]))
        valid = torch.from_numpy(np.stack([one.setting.sample.valid for one in active]))
        truth, valid = truth.to(self._device), valid.to(self._device)
        return cross_entropy(logits, truth, valid) + soft_dice_loss(logits, truth, valid)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device


def _quality(played: list[Played]) -> dict[str, float]:
    """Mean Dice after some rounds, of the network and of the evidence that it corrects."""
    found: dict[str, float] = {}
    for shown in SHOWN:
        pairs = [each.dice[shown - 1] for each in played if len(each.dice) >= shown]
        for place, name in enumerate(("dice", "evidence")):
            values = [pair[place] for pair in pairs]
            found[f"{name}_{shown}"] = float(np.mean(values)) if values else float("nan")
    return found


def _user(seed: int, place: int, number: int) -> np.random.Generator:
    return np.random.default_rng((seed, place, number))


def _start(target: Target) -> Bool[Array, "i j k"]:
    return np.zeros_like(target.truth) if target.start is None else target.start


def _dice(found: Bool[Array, "i j k"], wanted: Bool[Array, "i j k"]) -> float:
    total = int(found.sum()) + int(wanted.sum())
    return 2.0 * int((found & wanted).sum()) / total if total else 1.0
