"""What the network is taught: right voxels, whatever the size of the object."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

INSIDE = 2.0
"""Weight of an object's voxels. Those likelier than a third then count as its own, which is about
where the Dice of an object found to two thirds is largest. More makes masks swell click by click;
weights that go by the object's size make the first mask large, or small, where its size is open.
"""

SHARE = 4.0
"""Of the cross entropy, a mean over mostly easy voxels, beside the Dice loss."""


def cross_entropy(
    logits: Float[Tensor, "b i j k"], truth: Bool[Tensor, "b i j k"], valid: Bool[Tensor, "b i j k"]
) -> Float[Tensor, " b"]:
    """Cross entropy over all voxels, those of the object weighing a little more."""
    dims = (1, 2, 3)
    weight = valid * torch.where(truth, INSIDE, 1.0)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth.float(), reduction="none")
    return SHARE * (weight * entropy).sum(dim=dims) / valid.sum(dim=dims).clamp(min=1)


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
