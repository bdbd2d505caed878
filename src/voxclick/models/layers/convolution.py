"""A 3D convolution that is fast for one image at a time."""

import torch
from torch import Tensor, nn


class Convolution(nn.Conv3d):
    """A 3D convolution that keeps off PyTorch's slow path for one small float32 image on a CPU.

    There oneDNN is called directly, or, where gradients are wanted, the image goes twice: three
    times faster than `slow_conv3d`, which PyTorch 2.13 would choose.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, D102  (as in nn.Conv3d)
        if input.shape[0] > 1 or input.device.type != "cpu" or input.dtype != torch.float32:
            return super().forward(input)
        if torch.is_grad_enabled() and (input.requires_grad or self.weight.requires_grad):
            return super().forward(torch.cat([input, input]))[:1]
        assert not isinstance(self.padding, str)
        fast: Tensor = torch.mkldnn_convolution(
            input, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups
        )
        return fast
