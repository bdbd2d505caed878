"""Intensities as the network was trained on them."""

import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.preprocess import View
from voxclick.preprocess.intensity import SOFT_TISSUE, Window, window_of

PUBLISHED = Window(-125.0, 225.0)
"""In Hounsfield units, of the authors' configuration."""


def scaled(view: View) -> Float[Tensor, "i j k"]:
    """The view from 0 to 1; 0 outside the volume, where the authors put air.

    CT is cut to the published window. Images of other kinds, which the network never saw, are
    scaled by their volume's own window.

    Args:
        view: Intensities in the volume's own scale.
    """
    assert view.volume is not None
    window = window_of(view.volume)
    if window == SOFT_TISSUE:
        window = PUBLISHED
    shown = ((view.image - window.low) / (window.high - window.low)).clamp(0, 1)
    inside = torch.zeros_like(shown)
    inside[view.inside.slices] = 1.0
    return torch.where(inside > 0, torch.nan_to_num(shown, nan=0.0), 0.0)
