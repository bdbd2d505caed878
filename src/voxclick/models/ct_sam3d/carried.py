"""Published entries that nothing computes with, carried so that weights go back as they came."""

import torch
from torch import nn


class Carried(nn.Module):
    """Entries of a state dict as buffers, so that no optimiser ever touches them.

    Args:
        shapes: Of each entry, by name.
    """

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        super().__init__()
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))


class UntrainedQuality(nn.Module):
    """The published head for a mask's quality, which no published loss ever trained.

    Args:
        channels: That it would look at.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Carried(weight=(outputs, inputs), bias=(outputs,))
            for inputs, outputs in ((channels, 256), (256, 256), (256, 2))
        )


class UnusedPositions(nn.Module):
    """The position code of SAM, which the click maps replaced.

    Args:
        frequencies: It has.
    """

    def __init__(self, frequencies: int = 128) -> None:
        super().__init__()
        self.pe_layer = Carried(positional_encoding_gaussian_matrix=(3, frequencies))
