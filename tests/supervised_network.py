"""Supervised networks that tests can ask: a threshold whose answer is known, and a tiny DynUNet."""

import torch
from torch import Tensor, nn

from voxclick.models.supervised.look import Look
from voxclick.models.supervised.network import build
from voxclick.models.supervised.sizes import Sizes
from voxclick.preprocess.statistics import Intensity

PLAIN = Intensity(-1000.0, 1000.0, 0.0, 1.0)
"""Intensities as they are."""

SIZES = Sizes("dynunet", 2, (16, 16, 16), 4, (1.0, 1.0, 1.0), supervised=1)
LOOK = Look(("dark", "bright"), (1.0, 1.0, 1.0), PLAIN)


class Threshold(nn.Module):
    """Background below 50, `dark` up to 150, `bright` above; one convolution with no weights."""

    def forward(self, image: Tensor) -> Tensor:
        middles = torch.tensor([0.0, 100.0, 200.0])[None, :, None, None, None]
        return -(image - middles).abs() / 25


def tiny() -> nn.Module:
    """A DynUNet of a few thousand weights that knows nothing."""
    torch.manual_seed(0)
    return build(SIZES)
