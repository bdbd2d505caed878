"""Checkpoints that a run goes on from, and the weights that it leaves."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from voxclick.errors import InputError
from voxclick.io.atomic import whole
from voxclick.models.builtin.network import Network

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

    def update(self, network: nn.Module, decay: float, step: int) -> None:
        """Move towards these weights; faster in the first steps."""
        decay = min(decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                self.weights[name].lerp_(value, 1 - decay)


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


def save_weights(path: Path, network: Network, average: Average, told: dict[str, Any]) -> None:
    """Write averaged weights in half precision, with what is known of them in the header."""
    halves = {name: value.half().contiguous() for name, value in average.weights.items()}
    header = {
        "voxclick": "builtin",
        "widths": json.dumps(network.widths.as_dict()),
        "run": json.dumps(told),
    }
    with whole(path, ".safetensors") as part:
        part.write_bytes(save(halves, metadata=header))
