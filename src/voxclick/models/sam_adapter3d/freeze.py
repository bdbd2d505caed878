"""Which weights train, and how many they are."""

from dataclasses import dataclass

from voxclick.models.sam_adapter3d.layout import published_entries
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import Sizes

TRAINED_IN_ENCODER = frozenset(
    {"depth_embed", "slice_embed", "norm1", "norm2", "adapter", "rel_pos_d", "neck_3d"}
)
"""Parts of the encoder that train; all else in it stays as SAM has it."""


@dataclass(frozen=True)
class Share:
    """How much of a network trains.

    Attributes:
        trained: Parameters that train.
        total: All parameters.
    """

    trained: int
    total: int

    def __str__(self) -> str:
        return f"{self.trained:,} of {self.total:,} parameters train"


def is_trained(name: str) -> bool:
    """Whether the published recipe trains this weight.

    Args:
        name: Ours or a published checkpoint's, with the part or the dictionary in front.
    """
    part, *rest = name.split(".")
    return not part.startswith("encoder") or not TRAINED_IN_ENCODER.isdisjoint(rest)


def freeze(network: Network) -> Share:
    """Let exactly the parts train that the published recipe trains; gives how much that is."""
    for name, weight in network.named_parameters():
        weight.requires_grad_(is_trained(name))
    sizes = [(weight.numel(), weight.requires_grad) for weight in network.parameters()]
    return Share(sum(size for size, trains in sizes if trains), sum(size for size, _ in sizes))


def published_share(sizes: Sizes, prompt_encoders: int = 4) -> Share:
    """The same count for the network as published, with the parts that no computation uses.

    Args:
        sizes: Its widths.
        prompt_encoders: 4 as the published checkpoints hold, 1 as the paper counts.
    """
    total = trained = 0
    for name, entry in published_entries(sizes, prompt_encoders).items():
        if entry.parameter:
            total += entry.shape.numel()
            trained += entry.shape.numel() if is_trained(name) else 0
    return Share(trained, total)
