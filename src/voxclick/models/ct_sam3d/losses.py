"""The published losses; they take probabilities and look at each sample by itself."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

SMOOTH = 1.0
FOCAL_ALPHA, FOCAL_GAMMA = 0.8, 2.0
FOCAL_SHARE, DICE_SHARE = 0.2, 0.8


def dice_loss(
    probabilities: Float[Tensor, "b 1 d h w"], truth: Float[Tensor, "b 1 d h w"]
) -> Float[Tensor, " b"]:
    """One minus the soft Dice of each sample, both counts raised by 1."""
    both = (probabilities * truth).flatten(1).sum(1)
    either = probabilities.flatten(1).sum(1) + truth.flatten(1).sum(1)
    return 1 - (2 * both + SMOOTH) / (either + SMOOTH)


def patch_focal_loss(
    probabilities: Float[Tensor, "b 1 d h w"], truth: Float[Tensor, "b 1 d h w"]
) -> Float[Tensor, " b"]:
    """The published "focal" loss: it weighs whole patches, not voxels.

    With `e` the mean cross-entropy of a patch: `alpha * (1 - exp(-e)) ^ gamma * e`.
    """
    entropy = functional.binary_cross_entropy(probabilities, truth, reduction="none")
    mean = entropy.flatten(1).mean(1)
    return FOCAL_ALPHA * (1 - torch.exp(-mean)) ** FOCAL_GAMMA * mean


def mask_loss(
    probabilities: Float[Tensor, "b 1 d h w"], truth: Float[Tensor, "b 1 d h w"]
) -> Float[Tensor, ""]:
    """The published mix of both, averaged over the samples.

    Args:
        probabilities: Of the mask.
        truth: The mask, 0 and 1.
    """
    focal = FOCAL_SHARE * patch_focal_loss(probabilities, truth)
    return (focal + DICE_SHARE * dice_loss(probabilities, truth)).mean()


def heat_loss(
    heat: Float[Tensor, "b 1 d h w"], target: Float[Tensor, "b 1 d h w"]
) -> Float[Tensor, ""]:
    """Mean squared error of cross-patch heat maps; the published total adds it at weight 1."""
    return functional.mse_loss(heat, target)
