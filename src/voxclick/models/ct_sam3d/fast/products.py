"""The 216 matrix products between spreading and gathering blocks."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.ct_sam3d.fast import winograd
from voxclick.models.ct_sam3d.fast.winograd import PRODUCTS
from voxclick.models.layers.convolution import Convolution
from voxclick.types import Array

BLOCKS_AT_ONCE = 64
"""Blocks whose products are held at a time. Fewer are filled up: oneDNN is far slower at others."""


class FastConvolution:
    """A convolution's weights in products' space.

    oneDNN is given the products as one convolution of 216 groups, a third faster than as a batch of
    products; its weights are laid out beforehand. Without oneDNN they are a batch.

    Args:
        convolutions: Of one input; their outputs come in a row.
    """

    def __init__(self, *convolutions: Convolution) -> None:
        kernel = torch.cat([one.weight for one in convolutions])
        bias = torch.cat([one.bias for one in convolutions if one.bias is not None])
        self.bias: Float[Array, " a"] = bias.detach().numpy()
        self.outputs, self.inputs = kernel.shape[:2]
        self.weights: Float[Tensor, "products c a"] = winograd.weights(kernel)
        self.packed: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        if self.packed:
            self.weights = _packed(self.weights)

    def products(self, spread: Float[Tensor, "n products c"]) -> Float[Tensor, "n products a"]:
        """Of the channels of each of the 216 places, each with its own matrix."""
        if not self.packed:
            found = torch.empty(len(spread), PRODUCTS, self.outputs)
            torch.bmm(spread.transpose(0, 1), self.weights, out=found.transpose(0, 1))
            return found
        rows = spread.view(1, len(spread), 1, -1).permute(0, 3, 1, 2)  # 1 channels n 1
        given = torch.ops.mkldnn._convolution_pointwise(
            rows, self.weights, None, [0, 0], [1, 1], [1, 1], PRODUCTS, "none", [], ""
        )
        ordered: Tensor = given.permute(0, 2, 3, 1)
        return ordered.reshape(len(spread), PRODUCTS, self.outputs)


def _packed(weights: Float[Tensor, "products c a"]) -> Tensor:
    """The weights of one convolution in as many groups, laid out as oneDNN wants them."""
    _, inputs, outputs = weights.shape
    kernel = weights.transpose(1, 2).reshape(PRODUCTS * outputs, inputs, 1, 1).contiguous()
    lay_out: Callable[..., Tensor] = torch._C._nn.mkldnn_reorder_conv2d_weight
    return lay_out(
        kernel.to_mkldnn(),
        [0, 0],
        [1, 1],
        [1, 1],
        PRODUCTS,
        [1, PRODUCTS * inputs, BLOCKS_AT_ONCE, 1],
    )
