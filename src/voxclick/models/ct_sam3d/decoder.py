"""The mask decoder: five residual blocks that the prompt maps modulate, coarse to fine.

The formulas are those of SPADE (Park et al., CVPR 2019) in three dimensions. This is the plain
form, which training takes; `fast/` gives the same numbers sooner.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.ct_sam3d.carried import UntrainedQuality
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.models.layers.convolution import Convolution

UP_EPS = 1e-6
INSTANCE_EPS = 1e-5
SLOPE = 0.2


class Modulation(nn.Module):
    """SPADE: `norm(x) * (1 + gamma) + beta`, both convolved from the prompt maps."""

    def __init__(self, channels: int, shared: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(Convolution(3, shared, 3, padding=1), nn.ReLU())
        self.mlp_gamma = Convolution(shared, channels, 3, padding=1)
        self.mlp_beta = Convolution(shared, channels, 3, padding=1)

    def forward(
        self, image: Float[Tensor, "b c d h w"], maps: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b c d h w"]:
        """The modulated map.

        Args:
            image: Features.
            maps: Prompt maps at their resolution.
        """
        lifted = self.mlp_shared(maps)
        normed = functional.instance_norm(image, eps=INSTANCE_EPS)
        modulated: Tensor = normed * (1 + self.mlp_gamma(lifted)) + self.mlp_beta(lifted)
        return modulated


class ModulatedBlock(nn.Module):
    """Two modulated convolutions, added to what came in."""

    def __init__(self, channels: int, shared: int) -> None:
        super().__init__()
        self.conv_0 = Convolution(channels, channels, 3, padding=1)
        self.conv_1 = Convolution(channels, channels, 3, padding=1)
        self.norm_0 = Modulation(channels, shared)
        self.norm_1 = Modulation(channels, shared)

    def forward(
        self, image: Float[Tensor, "b c d h w"], maps: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b c d h w"]:
        """The features after the block; `maps` are the prompt maps at their resolution."""
        inner = self.conv_0(functional.leaky_relu(self.norm_0(image, maps), SLOPE))
        inner = self.conv_1(functional.leaky_relu(self.norm_1(inner, maps), SLOPE))
        added: Tensor = image + inner
        return added


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each voxel."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, D102  (as in nn.LayerNorm)
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)


class Upscale(nn.Module):
    """Twice as fine: transposed convolution, norm over channels, GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.cna = nn.Sequential(
            nn.ConvTranspose3d(inputs, outputs, 2, stride=2),
            ChannelNorm(outputs, eps=UP_EPS),
            nn.GELU(),
        )

    def forward(self, image: Float[Tensor, "b c d h w"]) -> Float[Tensor, "b a 2*d 2*h 2*w"]:
        """The finer map."""
        finer: Tensor = self.cna(image)
        return finer


class MaskDecoder(nn.Module):
    """From features and prompt maps to logits.

    Args:
        sizes: Of the network; `coarse` is twice `fine`, since a block takes what was upscaled
            beside a feature.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        fine, coarse, shared, last = sizes.fine, sizes.coarse, sizes.shared, sizes.last
        self.spade1, self.spade2, self.spade3, self.spade4 = (
            ModulatedBlock(coarse, shared) for _ in range(4)
        )
        self.spade5 = ModulatedBlock(fine, shared)
        self.upscale1, self.upscale2, self.upscale3, self.upscale4 = (
            Upscale(coarse, fine) for _ in range(4)
        )
        self.upscale5 = Upscale(fine, last)
        self.mask_prediction_head = nn.Sequential(Convolution(last, 2, 3, padding=1))
        self.iou_prediction_head = UntrainedQuality(last)

    def forward(
        self, features: list[Tensor], prompts: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b 1 d h w"]:
        """Logits of the mask; the published second channel was never trained, and is left out.

        Args:
            features: Of the encoder, fine to coarse.
            prompts: Previous probabilities, positive map, negative map.
        """
        image = features[3]
        for block, upscale, skip in zip(
            self.blocks(), self.upscales(), (*reversed(features[:3]), None, None), strict=True
        ):
            image = upscale(block(image, resized(prompts, image)))
            if skip is not None:
                image = torch.cat([image, skip], dim=1)
        weight, bias = self.head()
        return functional.conv3d(image, weight, bias, padding=1)

    def head(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the one trained output channel."""
        last = self.mask_prediction_head.get_submodule("0")
        assert isinstance(last, Convolution)
        assert last.bias is not None
        return last.weight[:1], last.bias[:1]

    def blocks(self) -> tuple[ModulatedBlock, ...]:
        """The five blocks, coarse to fine."""
        return (self.spade1, self.spade2, self.spade3, self.spade4, self.spade5)

    def upscales(self) -> tuple[Upscale, ...]:
        """What follows each block."""
        return (self.upscale1, self.upscale2, self.upscale3, self.upscale4, self.upscale5)


def resized(
    prompts: Float[Tensor, "b 3 d h w"], image: Float[Tensor, "b c u v t"]
) -> Float[Tensor, "b 3 u v t"]:
    """The prompt maps at the resolution of a map of features, each voxel from the eight around it.

    Nothing is anti-aliased: at the two coarsest levels most clicks are not seen at all, which is
    what the published weights learnt.
    """
    return functional.interpolate(prompts, size=image.shape[2:], mode="trilinear")
