"""Which parts of a network are trained, and how large they are."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Part:
    """The parameters below one name.

    Attributes:
        name: The first word of their names.
        trained: How many numbers are trained.
        frozen: How many are not.
    """

    name: str
    trained: int
    frozen: int


def trained_parts(network: nn.Module) -> tuple[Part, ...]:
    """The parts of a network, in its order."""
    counts: dict[str, list[int]] = {}
    for name, parameter in network.named_parameters():
        counts.setdefault(name.partition(".")[0], [0, 0])[not parameter.requires_grad] += (
            parameter.numel()
        )
    return tuple(Part(name, trained, frozen) for name, (trained, frozen) in counts.items())


def told_parts(network: nn.Module) -> str:
    """One line for the log: how much of each part is trained."""
    parts = trained_parts(network)
    trained, frozen = sum(part.trained for part in parts), sum(part.frozen for part in parts)
    each = [f"{part.name} {part.trained:,} of {part.trained + part.frozen:,}" for part in parts]
    return f"trains {trained:,} of {trained + frozen:,} parameters: {', '.join(each)}"
