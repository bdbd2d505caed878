"""3D convolutions that keep off PyTorch's slow path for one float32 image on a CPU."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolution(nn.Conv3d):
    """A 3D convolution that keeps off PyTorch's slow path for one small float32 image on a CPU.

    There oneDNN is called directly, or, where gradients are wanted, the image goes twice: three
    times faster than `slow_conv3d`, which PyTorch 2.13 would choose.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, D102  (as in nn.Conv3d)
        assert not isinstance(self.padding, str)
        return convolve(input, self.weight, self.bias, self.stride, self.padding, self.groups)


def convolve(
    image: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1, 1, 1),
    padding: Sequence[int] | None = None,
    groups: int = 1,
) -> Tensor:
    """A 3D convolution as `Convolution` does it.

    Args:
        image: `b c i j k`.
        weight: As of `nn.Conv3d`.
        bias: One a channel, or none.
        stride: Along each axis.
        padding: Along each axis; what keeps the size at stride 1 when None.
        groups: As of `nn.Conv3d`.
    """
    around = [size // 2 for size in weight.shape[2:]] if padding is None else list(padding)
    steps, one = list(stride), [1, 1, 1]
    slow = image.shape[0] == 1 and image.device.type == "cpu" and image.dtype == torch.float32
    if not slow or torch.is_autocast_enabled("cpu"):
        return functional.conv3d(image, weight, bias, steps, around, one, groups)
    if torch.is_grad_enabled() and (image.requires_grad or weight.requires_grad):
        twice = torch.cat([image, image])
        return functional.conv3d(twice, weight, bias, steps, around, one, groups)[:1]
    fast: Tensor = torch.mkldnn_convolution(image, weight, bias, around, steps, one, groups)
    return fast
