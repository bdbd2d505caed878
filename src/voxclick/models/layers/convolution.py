"""3D convolutions that keep off PyTorch's slow path for one float32 image on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolution(nn.Conv3d):
    """A 3D convolution that keeps off PyTorch's slow path for one small float32 image on a CPU.

    There oneDNN is called directly, or, where gradients are wanted, the image goes twice: three
    times faster than `slow_conv3d`, which PyTorch 2.13 would choose.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, D102  (as in nn.Conv3d)
        return convolve(input, self.weight, self.bias, stride=self.stride[0], groups=self.groups)


def convolve(
    image: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    groups: int = 1,
) -> Tensor:
    """A 3D convolution padded to keep the size (at stride 1), as `Convolution` does it.

    Args:
        image: `b c i j k`.
        weight: As of `nn.Conv3d`.
        bias: One a channel, or none.
        stride: The same along each axis.
        groups: As of `nn.Conv3d`.
    """
    padding = [size // 2 for size in weight.shape[2:]]
    if image.shape[0] > 1 or image.device.type != "cpu" or image.dtype != torch.float32:
        return functional.conv3d(image, weight, bias, stride, padding, 1, groups)
    if torch.is_autocast_enabled("cpu"):
        return functional.conv3d(image, weight, bias, stride, padding, 1, groups)
    if torch.is_grad_enabled() and (image.requires_grad or weight.requires_grad):
        twice = torch.cat([image, image])
        return functional.conv3d(twice, weight, bias, stride, padding, 1, groups)[:1]
    fast: Tensor = torch.mkldnn_convolution(
        image, weight, bias, padding, [stride] * 3, [1] * 3, groups
    )
    return fast
