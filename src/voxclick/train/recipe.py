"""The seam that every trained family fills: network, data, loss and schedule of a run."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from voxclick.train.curves import LOSS, Panel
from voxclick.train.settings import Settings

SettingsT = TypeVar("SettingsT", bound=Settings)
SampleT = TypeVar("SampleT")


class Recipe(ABC, Generic[SettingsT, SampleT]):
    """How one kind of network is trained; the loop does what all kinds share.

    Everything drawn at random must follow from the arguments, so that a run that was stopped and
    went on ends as one that was not.

    Args:
        settings: Of the kind that `settings_type` names.
        data: Folder of labelled volumes; None for none.
        processes: How many take part.
    """

    settings_type: ClassVar[type[Settings]]
    """The dataclass of its settings."""

    told: ClassVar[tuple[str, ...]] = ()
    """Measures that a line of progress tells beside the loss."""

    panels: ClassVar[tuple[Panel, ...]] = (LOSS,)
    """What the picture of the curves shows."""

    validated: ClassVar[tuple[str, ...]] = ()
    """Measures that `validate` gives."""

    some_unused: ClassVar[bool] = False
    """Whether a trainable parameter may get no gradient in a step."""

    def __init__(self, settings: SettingsT, data: Path | None, processes: int) -> None:
        self.settings = settings
        self.data = data
        self.processes = processes

    @property
    @abstractmethod
    def steps(self) -> int:
        """Optimiser steps in all."""

    @property
    @abstractmethod
    def batch(self) -> int:
        """Samples that go through the network together, in each process."""

    @abstractmethod
    def network(self, start: Path | None) -> nn.Module:
        """The network, new or from start weights; what is not to be trained needs no gradient.

        New weights follow torch's global generator, which is seeded before.

        Raises:
            InputError: If these weights are none to start from.
        """

    @abstractmethod
    def module(self, network: Any, threads: int) -> nn.Module:
        """What holds the network, with `forward(samples, seed) -> (loss, measures)`.

        The loss is a scalar; the measures are a dict of floats with the same names at each step,
        not a number where one is not known. Torch's global generator is seeded at each forward.

        Args:
            network: From `network`.
            threads: CPU threads that it may use of its own.
        """

    @abstractmethod
    def draw(self, step: int, rank: int, number: int) -> SampleT:
        """One sample.

        Args:
            step: Of the optimiser.
            rank: Of the process.
            number: Of the sample in the step and process, over all accumulated batches.
        """

    def validate(self, network: Any, step: int) -> dict[str, float]:
        """Measures on cases that are not trained on, at each checkpoint; none unless it has any.

        Args:
            network: From `network`, with the weights of now.
            step: Of the optimiser.
        """
        return {}

    @abstractmethod
    def write(
        self, path: Path, network: Any, weights: dict[str, Tensor], told: dict[str, Any]
    ) -> None:
        """Write weights that a segmenter can be made of.

        Args:
            path: A safetensors file, written whole or not at all.
            network: From `network`, for its sizes.
            weights: Of its state dict, averaged as the settings say.
            told: The configuration and the step, for the header.
        """

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser; Adam over all that needs a gradient unless the recipe says otherwise.

        Each parameter group may have its own `lr`, which `share` scales, and its own `clip`.
        """
        trained = [each for each in network.parameters() if each.requires_grad]
        return torch.optim.Adam(trained, lr=self.settings.rate)

    @abstractmethod
    def share(self, step: int) -> float:
        """What the full learning rates are multiplied by at this step."""
