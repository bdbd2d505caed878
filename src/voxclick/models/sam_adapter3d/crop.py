"""A view as the network takes it: turned, normalised, and even outside the volume."""

import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.preprocess import View
from voxclick.preprocess.turn import Turn


def crop_of(view: View, settings: Settings) -> tuple[Float[Tensor, "1 1 d h w"], Turn]:
    """The crop that a view shows, and how its axes were turned.

    Outside the volume it is 0, which is the foreground's mean; so is what is not a number.

    Args:
        view: Cubic, as large as the network's crops.
        settings: How the network wants its crops.
    """
    turn = Turn.to(settings.orientation, view.grid)
    image = settings.intensity.normalised(view.image)
    inside = torch.zeros_like(image)
    inside[view.inside.slices] = 1.0
    crop = torch.where(inside > 0, torch.nan_to_num(image, nan=0.0), 0.0)
    return turn.crop(crop)[None, None].contiguous(), turn
