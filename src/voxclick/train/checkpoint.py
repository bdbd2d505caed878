"""Checkpoints that a run goes on from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from voxclick.errors import InputError
from voxclick.io.atomic import whole

CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.safetensors"


@dataclass(eq=False)
class Average:
    """The moving average of a network's weights: less noisy than the last ones.

    Source: Polyak and Juditsky, SIAM J. Control Optim. 1992; in its exponential form.
    """

    weights: dict[str, Tensor]

    @classmethod
    def of(cls, network: nn.Module) -> "Average":
        """An average that starts from these weights."""
        return cls({name: value.detach().clone() for name, value in network.state_dict().items()})

    def load(self, weights: dict[str, Tensor]) -> None:
        """Go on from these weights, wherever they lie."""
        for name, value in weights.items():
            self.weights[name].copy_(value)

    def update(self, network: nn.Module, decay: float, step: int) -> None:
        """Move towards these weights; faster in the first steps. Whole numbers are taken over."""
        decay = min(decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if value.is_floating_point():
                    self.weights[name].lerp_(value, 1 - decay)
                else:
                    self.weights[name].copy_(value)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    with whole(path, ".pt") as part:
        torch.save(state, part)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint that `save_checkpoint` wrote.

    Raises:
        InputError: If it is none.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  (unpickling fails in many ways)
        raise InputError(
            f"{path} is no checkpoint to go on from: {error}; begin in another folder"
        ) from None
    return state
