"""What the network is taught: right voxels, whatever the size of the object."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional


def balanced_cross_entropy(
    logits: Float[Tensor, "b i j k"], truth: Bool[Tensor, "b i j k"], valid: Bool[Tensor, "b i j k"]
) -> Float[Tensor, " b"]:
    """Cross entropy in which an object's voxels weigh by the root of how rare they are.

    Unweighted, small objects vanish among the background; fully balanced, thin ones swell. The
    root lies between.
    """
    weight = valid.float()
    dims = (1, 2, 3)
    inside = (weight * truth).sum(dim=dims).clamp(min=1.0)
    outside = (weight * ~truth).sum(dim=dims).clamp(min=1.0)
    rare = (outside / inside).sqrt().clamp(0.2, 20.0).reshape(-1, 1, 1, 1)
    weight = weight * torch.where(truth, rare, torch.ones_like(rare))
    entropy = functional.binary_cross_entropy_with_logits(logits, truth.float(), reduction="none")
    return (weight * entropy).sum(dim=dims) / weight.sum(dim=dims).clamp(min=1.0)


def soft_dice_loss(
    logits: Float[Tensor, "b i j k"], truth: Bool[Tensor, "b i j k"], valid: Bool[Tensor, "b i j k"]
) -> Float[Tensor, " b"]:
    """One minus the Dice of the probabilities: what is judged, and blind to size.

    Source: Milletari et al., V-Net, 3DV 2016, with the plain sum in the denominator.
    """
    dims = (1, 2, 3)
    probability = torch.sigmoid(logits) * valid
    wanted = (truth & valid).float()
    both = (probability * wanted).sum(dim=dims)
    return 1 - (2 * both + 1) / (probability.sum(dim=dims) + wanted.sum(dim=dims) + 1)
