"""What the network is trained against: Dice and cross entropy, half each."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

SMOOTH = 1e-5
"""Keeps the Dice loss of an empty mask finite."""


def dice_and_cross_entropy(
    logits: Float[Tensor, "b 2 d h w"], truth: Bool[Tensor, "b d h w"]
) -> Float[Tensor, ""]:
    """Half the Dice loss of the object and half the cross entropy of both classes.

    Args:
        logits: Of background and object.
        truth: Where the object is.

    Source: the published training's DiceCELoss without background, in MONAI's meaning.
    """
    wide = logits.float()
    object_probability = wide.softmax(dim=1)[:, 1].flatten(1)
    target = truth.flatten(1).float()
    shared = (object_probability * target).sum(dim=1)
    total = object_probability.sum(dim=1) + target.sum(dim=1)
    dice = 1 - (2 * shared + SMOOTH) / (total + SMOOTH)
    entropy = functional.cross_entropy(wide, truth.long())
    return 0.5 * dice.mean() + 0.5 * entropy


def dice_loss(
    probability: Float[Tensor, "b d h w"], truth: Bool[Tensor, "b d h w"]
) -> Float[Tensor, ""]:
    """One minus the soft Dice of the object: what the published validation reports."""
    target = truth.float()
    shared = torch.sum(probability * target, dim=(1, 2, 3))
    total = torch.sum(probability + target, dim=(1, 2, 3))
    return torch.mean(1 - (2 * shared + SMOOTH) / (total + SMOOTH))
