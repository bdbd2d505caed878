"""A crop's tokens in one step: upsampling, patch embedding and slice embedding fused exactly.

The published network upsamples a crop to 512^3, embeds patches of each of the 512 slices, and
merges 16 slices. All three are linear, so together they are one strided convolution of the crop.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from voxclick.models.sam_adapter3d.sizes import TOKENS

FINE = 16
"""Upsampled voxels that a token covers along each axis."""


def upsampling(ratio: int) -> Float[Tensor, "fine coarse"]:
    """How the `FINE` upsampled voxels of a token mix its `ratio` voxels and one to either side.

    As trilinear interpolation without aligned corners does along one axis.
    """
    positions = (torch.arange(FINE, dtype=torch.float64) + 0.5) * ratio / FINE + 0.5
    lower = positions.floor()
    weights = torch.zeros(FINE, ratio + 2, dtype=torch.float64)
    weights.scatter_(1, lower.long()[:, None], (1 - (positions - lower))[:, None])
    weights.scatter_add_(1, lower.long()[:, None] + 1, (positions - lower)[:, None])
    return weights.float()


def fused_kernel(
    patch: Float[Tensor, "c 3 fine fine"],
    slices: Float[Tensor, "c 1 1 1 fine"],
    ratio: int,
) -> Float[Tensor, "c d h w"]:
    """The kernel of that convolution; differentiable in both parts.

    Args:
        patch: Weight of the patch embedding; a grey crop goes into its three channels alike.
        slices: Weight of the slice embedding.
        ratio: Voxels of the crop along a token.
    """
    mix = upsampling(ratio).to(patch.device, patch.dtype)
    along = slices[:, 0, 0, 0] @ mix  # c d
    across = mix.T @ patch.sum(dim=1) @ mix  # c h w
    return along[:, :, None, None] * across[:, None]


def embed_crop(
    crop: Float[Tensor, "b 1 d h w"],
    patch: tuple[Float[Tensor, "c 3 fine fine"], Float[Tensor, " c"]],
    slices: tuple[Float[Tensor, "c 1 1 1 fine"], Float[Tensor, " c"]],
) -> Float[Tensor, "b u v t c"]:
    """Tokens along height, width and depth (in this order), before positions.

    Args:
        crop: Normalised; cubic, `TOKENS` divides its sides.
        patch: Weight and bias of the patch embedding.
        slices: Weight and bias of the slice embedding.
    """
    ratio = crop.shape[-1] // TOKENS
    kernel = fused_kernel(patch[0], slices[0], ratio)
    bias = patch[1] * slices[0].flatten(1).sum(dim=1) + slices[1]
    padded = functional.pad(crop, (1, 1, 1, 1, 1, 1), mode="replicate")[:, 0]
    seen = padded
    for axis in (1, 2, 3):
        seen = seen.unfold(axis, ratio + 2, ratio)
    # b t u v d h w
    near = seen.permute(0, 2, 3, 1, 4, 5, 6).flatten(4)  # b u v t (d h w)
    return functional.linear(near, kernel.flatten(1), bias)
