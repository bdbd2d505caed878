"""How a case is prepared for a model and how its masks are judged: as it is, or as published."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from voxclick.evaluate.case import Target
from voxclick.volume import Mask, Volume


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case as the model and the simulated user see it.

    Attributes:
        volume: The image.
        targets: The objects, on its grid.
        dropped: Labels that the protocol leaves out; they are counted as small ones.
    """

    volume: Volume
    targets: Sequence[Target]
    dropped: tuple[int, ...] = ()


class Pipeline(ABC):
    """What a protocol does before the first prompt and after each."""

    @abstractmethod
    def prepare(self, volume: Volume, targets: Sequence[Target]) -> Prepared:
        """The case as the protocol wants it."""

    @abstractmethod
    def measure(self, truth: Mask, predicted: Mask, tolerance_mm: float) -> tuple[float, float]:
        """Dice and NSD of a mask."""


PIPELINES: dict[str, tuple[str, str]] = {
    "": ("voxclick.evaluate.plain_pipeline", "PlainPipeline"),
    "challenge": ("voxclick.evaluate.challenge.pipeline", "ChallengePipeline"),
    "stack": ("voxclick.evaluate.stack_pipeline", "StackPipeline"),
}
"""Each pipeline with the module and the class that define it."""


def make_pipeline(name: str) -> Pipeline:
    """The pipeline of that name."""
    module, kind = PIPELINES[name]
    pipeline: Pipeline = getattr(importlib.import_module(module), kind)()
    return pipeline
