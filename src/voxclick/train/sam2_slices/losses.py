"""The loss of SAM 2: focal and Dice of the mask, its predicted quality, and its presence."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

FOCAL_SHARE, DICE_SHARE, QUALITY_SHARE, PRESENCE_SHARE = 20.0, 1.0, 1.0, 1.0
"""Ratio of the terms (arXiv 2408.00714, appendix D.2; the same in MedSAM2's configuration)."""

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
"""Of the focal loss (Lin et al., ICCV 2017), as in SAM 2's training code."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What the mask decoder said before an answer was chosen.

    Attributes:
        masks: Logits of one mask, or of three.
        qualities: The overlap (intersection over union) that each is thought to have.
        presence: Logit of the object being on the slice.
    """

    masks: Float[Tensor, "m h w"]
    qualities: Float[Tensor, " m"]
    presence: Float[Tensor, ""]


def answer_loss(heard: Heard, truth: Float[Tensor, "s s"]) -> Float[Tensor, ""]:
    """How far the decoder is off on one slice.

    Of several masks the best one alone learns its shape, and all learn their quality. A slice
    without the object teaches presence alone.

    Source: SAM 2, arXiv 2408.00714, appendix D.2. Ours: the masks are judged as they were before
    a slice that was thought empty lost its mask, so that they get a gradient there too.

    Args:
        heard: The decoder's words.
        truth: The object, 0 and 1, in pixels of the frame.
    """
    shown = truth.any().float()
    size = (truth.shape[0], truth.shape[1])
    masks = functional.interpolate(
        heard.masks[None].float(), size=size, mode="bilinear", align_corners=False
    )[0]
    wanted = truth.expand_as(masks)
    shape = FOCAL_SHARE * focal_loss(masks, wanted) + DICE_SHARE * dice_loss(masks, wanted)
    quality = (heard.qualities.float() - overlap(masks, wanted)).abs().mean()
    presence = functional.binary_cross_entropy_with_logits(heard.presence.float(), shown)
    return shown * (shape.min() + QUALITY_SHARE * quality) + PRESENCE_SHARE * presence


def focal_loss(
    logits: Float[Tensor, "m s s"], truth: Float[Tensor, "m s s"]
) -> Float[Tensor, " m"]:
    """The focal loss of each mask, as the mean over its pixels.

    Source: Lin et al., Focal loss for dense object detection, ICCV 2017.
    """
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    probability = logits.sigmoid()
    right = probability * truth + (1 - probability) * (1 - truth)
    weight = FOCAL_ALPHA * truth + (1 - FOCAL_ALPHA) * (1 - truth)
    return (weight * (1 - right) ** FOCAL_GAMMA * cross_entropy).flatten(1).mean(1)


def dice_loss(logits: Float[Tensor, "m s s"], truth: Float[Tensor, "m s s"]) -> Float[Tensor, " m"]:
    """1 minus the soft Dice of each mask, with 1 added above and below."""
    probability = logits.sigmoid().flatten(1)
    both = (probability * truth.flatten(1)).sum(1)
    either = probability.sum(1) + truth.flatten(1).sum(1)
    return 1 - (2 * both + 1) / (either + 1)


@torch.no_grad()
def overlap(logits: Float[Tensor, "m s s"], truth: Float[Tensor, "m s s"]) -> Float[Tensor, " m"]:
    """The intersection over union that each mask has."""
    found, wanted = logits.flatten(1) > 0, truth.flatten(1) > 0
    both, either = (found & wanted).sum(1), (found | wanted).sum(1)
    return both / either.clamp(min=1)
