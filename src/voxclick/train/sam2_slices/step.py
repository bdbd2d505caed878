"""One training step of SAM 2 on clips: prompts, corrections, and slices from memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.base import Memories, SliceAnswer, SliceMemory
from voxclick.models.sam2_slices.frames import frame
from voxclick.models.sam2_slices.network import SliceFeatures, SliceNetwork
from voxclick.train.sam2_slices.clips import ClipSample
from voxclick.train.sam2_slices.losses import Heard, answer_loss
from voxclick.train.sam2_slices.prompting import Said, box_around, click_on
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.types import Array

UP = 1


@dataclass(frozen=True)
class Plan:
    """What the simulated user does with one object.

    Attributes:
        prompted: Slices with a prompt of their own, the first one among them.
        corrected: Slices with corrections.
        masked: Whether the prompts are masks.
    """

    prompted: tuple[int, ...]
    corrected: tuple[int, ...]
    masked: bool


@dataclass(frozen=True, eq=False)
class Played:
    """What one object's clip leaves behind.

    Attributes:
        losses: Of each answer of the decoder.
        tracked: Dice of each slice that was found from memory alone.
        prompted: Dice of each slice after its first prompt, masks aside.
        corrected: Dice of each slice after its last correction.
    """

    losses: list[Tensor] = field(default_factory=list)
    tracked: list[float] = field(default_factory=list)
    prompted: list[float] = field(default_factory=list)
    corrected: list[float] = field(default_factory=list)


def planned(
    shown: Bool[Array, " n"], settings: ClipSettings, generator: np.random.Generator
) -> Plan:
    """Which slices are prompted and corrected, and how.

    As in SAM 2's training; ours: each object of a clip has a plan of its own, and only slices that
    show the object are prompted.

    Args:
        shown: Whether each slice shows the object; the first does.
        settings: How many, and how often.
        generator: Source of the randomness.
    """
    later = generator.permutation(np.flatnonzero(shown)[1:])
    # at least one slice is left to be found from memory
    most = min(settings.prompted, max(1, len(shown) - 1), 1 + len(later))
    number = int(generator.integers(1, most + 1))
    prompted = (0, *(int(each) for each in later[: number - 1]))
    if len(shown) > 1 and generator.random() < settings.masked:
        return Plan(prompted, (), masked=True)
    rest = generator.permutation([n for n in range(len(shown)) if n not in prompted])
    more = int(generator.integers(number, settings.corrected + 1)) - number
    return Plan(prompted, (*prompted, *(int(each) for each in rest[:more])), masked=False)


class ClipFeedback(nn.Module):
    """Plays clips: answers prompts and corrections, then the other slices from memory.

    Args:
        network: What is trained.
        settings: Prompts.
    """

    def __init__(self, network: SliceNetwork, settings: ClipSettings) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self._said: Any = None
        network.mask_decoder.register_forward_hook(self._listen)

    def forward(self, samples: Sequence[ClipSample], seed: int) -> tuple[Tensor, dict[str, float]]:
        """The mean loss of all answers, and the mean Dice of slices of each kind.

        SAM 2's training adds up the answers of a clip; the mean does not grow with its length.

        Args:
            samples: Clips.
            seed: Of the simulated users.
        """
        played: list[Played] = []
        for place, sample in enumerate(samples):
            features = self.encode(sample)
            for number in range(len(sample.truth)):
                generator = np.random.default_rng((seed, place, number))
                played.append(self.play(sample, number, features, generator))
        losses = [loss for one in played for loss in one.losses]
        means = {
            name: _mean([dice for one in played for dice in getattr(one, name)])
            for name in ("prompted", "corrected", "tracked")
        }
        return torch.stack(losses).mean(), {f"dice_{name}": dice for name, dice in means.items()}

    def encode(self, sample: ClipSample) -> list[SliceFeatures]:
        """The features of each slice, which all objects share."""
        device = self.network.no_memory_embedding.device
        slices = torch.from_numpy(sample.slices).to(device)
        return [self.network.embed_slice(frame(each, self.network.frame_size)) for each in slices]

    def play(
        self,
        sample: ClipSample,
        number: int,
        features: Sequence[SliceFeatures],
        generator: np.random.Generator,
    ) -> Played:
        """One object through its clip: the prompted slices first, then the others in order."""
        truth = sample.truth[number]
        plan = planned(truth.any(axis=(1, 2)), self.settings, generator)
        game = _Game(self, features, truth, plan, generator)
        for index in plan.prompted:
            game.prompt(index)
        for index in range(len(features)):
            if index not in plan.prompted:
                game.track(index)
        return game.played

    def heard(self) -> Heard:
        """What the mask decoder said last."""
        masks, qualities, _, presence = self._said
        return Heard(masks[0, 0], qualities[0, 0], presence[0, 0, 0])

    def _listen(self, decoder: nn.Module, given: Any, said: Any) -> None:
        self._said = said


class _Game:
    """One object's clip while it is played."""

    def __init__(
        self,
        feedback: ClipFeedback,
        features: Sequence[SliceFeatures],
        truth: Bool[Array, "n s s"],
        plan: Plan,
        generator: np.random.Generator,
    ) -> None:
        self.played = Played()
        self._feedback, self._network = feedback, feedback.network
        self._settings = feedback.settings
        self._features, self._truth, self._plan = features, truth, plan
        self._generator = generator
        self._wanted = torch.from_numpy(truth).float().to(features[0].coarse.device)
        self._prompted: dict[int, SliceMemory] = {}
        self._tracked: dict[int, SliceMemory] = {}

    def prompt(self, index: int) -> None:
        """Answer a slice from its prompt and the corrections after it."""
        if self._plan.masked:
            answer = self._network.draw(self._features[index], self._wanted[index])
        else:
            said = self._first(index)
            answer = self._answer(index, said, None, None)
            self.played.prompted.append(self._dice(index, answer))
            answer = self._correct(index, said, answer, None)
        self._prompted[index] = self._network.remember(self._features[index], answer)

    def track(self, index: int) -> None:
        """Answer a slice from memory; a corrected one speaks to the others as a prompted one."""
        memories = Memories(index, UP, len(self._features), self._prompted, self._tracked)
        answer = self._network.track(self._features[index], memories)
        self._judge(index)
        self.played.tracked.append(self._dice(index, answer))
        kept = self._tracked
        if index in self._plan.corrected:
            answer = self._correct(index, Said(), answer, memories)
            kept = self._prompted
        kept[index] = self._network.remember(self._features[index], answer)

    def _first(self, index: int) -> Said:
        of, truth = self._settings, self._truth[index]
        if self._generator.random() < of.boxed:
            return box_around(truth, of.box_noise, of.box_noise_pixels, self._generator)
        return click_on(truth, np.zeros_like(truth), Said(), self._generator)

    def _correct(
        self, index: int, said: Said, answer: SliceAnswer, memories: Memories | None
    ) -> SliceAnswer:
        for _ in range(self._settings.corrections):
            anywhere = self._generator.random() < self._settings.from_truth
            found = self._enlarged(answer) > 0
            more = click_on(
                self._truth[index],
                np.zeros_like(self._truth[index]) if anywhere else found.cpu().numpy(),
                said,
                self._generator,
            )
            if more is said:
                break
            said = more
            answer = self._answer(index, said, answer, memories)
        self.played.corrected.append(self._dice(index, answer))
        return answer

    def _answer(
        self, index: int, said: Said, before: SliceAnswer | None, memories: Memories | None
    ) -> SliceAnswer:
        points, labels = said.tensors(self._wanted.device)
        previous = None if before is None else before.logits.detach()
        answer = self._network.prompt(self._features[index], points, labels, previous, memories)
        self._judge(index)
        return answer

    def _judge(self, index: int) -> None:
        with torch.autocast(self._wanted.device.type, enabled=False):
            loss = answer_loss(self._feedback.heard(), self._wanted[index])
        self.played.losses.append(loss)

    @torch.no_grad()
    def _enlarged(self, answer: SliceAnswer) -> Float[Tensor, "s s"]:
        size = self._wanted.shape[-2:]
        return functional.interpolate(
            answer.logits[None, None].float(), size=size, mode="bilinear", align_corners=False
        )[0, 0]

    def _dice(self, index: int, answer: SliceAnswer) -> float:
        found, wanted = self._enlarged(answer) > 0, self._wanted[index] > 0
        either = int(found.sum() + wanted.sum())
        return 2 * int((found & wanted).sum()) / either if either else 1.0


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
