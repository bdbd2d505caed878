"""CT-SAM3D's decoder as its paper's formulas read: what the fast one is measured against.

Gamma and beta are two convolutions, both output channels and the quality head are computed, and
nothing is known beforehand.
"""

import torch
from torch import Tensor
from torch.nn import functional

from voxclick.models.ct_sam3d.network import Network


def plain_decode(network: Network, features: list[Tensor], prompts: Tensor) -> Tensor:
    """Logits of the first channel, `b 1 d h w`."""
    weights = {key.removeprefix("mask_decoder."): w for key, w in network.state_dict().items()}
    image = features[3]
    for level, skip in enumerate((*reversed(features[:3]), None, None), start=1):
        maps = functional.interpolate(prompts, size=image.shape[2:], mode="trilinear")
        image = _block(image, maps, weights, f"spade{level}.")
        image = _upscale(image, weights, f"upscale{level}.cna.")
        if skip is not None:
            image = torch.cat([image, skip], dim=1)
    masks = _convolve(image, weights, "mask_prediction_head.0.")
    _quality(image, weights)
    return masks[:, :1]


def _convolve(image: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    return functional.conv3d(image, weights[f"{name}weight"], weights[f"{name}bias"], padding=1)


def _block(image: Tensor, maps: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    inner = image
    for step in range(2):
        normed = _modulated(inner, maps, weights, f"{name}norm_{step}.")
        active = functional.leaky_relu(normed, 0.2)
        inner = _convolve(active, weights, f"{name}conv_{step}.")
    return image + inner


def _modulated(image: Tensor, maps: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    lifted = torch.relu(_convolve(maps, weights, f"{name}mlp_shared.0."))
    gamma = _convolve(lifted, weights, f"{name}mlp_gamma.")
    beta = _convolve(lifted, weights, f"{name}mlp_beta.")
    return functional.instance_norm(image) * (1 + gamma) + beta


def _upscale(image: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    finer = functional.conv_transpose3d(
        image, weights[f"{name}0.weight"], weights[f"{name}0.bias"], stride=2
    )
    mean = finer.mean(dim=1, keepdim=True)
    spread = (finer - mean).square().mean(dim=1, keepdim=True)
    normed = (finer - mean) / torch.sqrt(spread + 1e-6)
    shape = (1, -1, 1, 1, 1)
    scaled = normed * weights[f"{name}1.weight"].view(shape) + weights[f"{name}1.bias"].view(shape)
    return functional.gelu(scaled)


def _quality(image: Tensor, weights: dict[str, Tensor]) -> Tensor:
    found = image.mean(dim=(2, 3, 4))
    for layer in range(3):
        name = f"iou_prediction_head.layers.{layer}."
        found = functional.linear(found, weights[f"{name}weight"], weights[f"{name}bias"])
        found = torch.relu(found) if layer < 2 else found
    return found
