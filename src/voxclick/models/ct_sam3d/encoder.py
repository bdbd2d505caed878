"""The image encoder: a ResTv2 in three dimensions, whose features the decoder takes at four scales.

Zhang and Yang, ResT V2, NeurIPS 2022, with 3D convolutions; no absolute position embedding, so that
any size that is a multiple of 32 goes in.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.models.layers.convolution import Convolution

NORM_EPS = 1e-6


class PositionalAttention(nn.Module):
    """Weighs each voxel by a gate that sees its neighbours: `x * sigmoid(depthwise(x))`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pa_conv = Convolution(channels, channels, 3, padding=1, groups=channels)

    def forward(self, image: Float[Tensor, "b c d h w"]) -> Float[Tensor, "b c d h w"]:
        """The gated map."""
        gate: Tensor = torch.sigmoid(self.pa_conv(image))
        return image * gate


class PatchEmbedding(nn.Module):
    """Halves the grid, and gives tokens.

    Args:
        projection: What halves it.
        channels: Of the tokens.
    """

    def __init__(self, projection: nn.Module, channels: int) -> None:
        super().__init__()
        self.proj = projection
        self.pos = PositionalAttention(channels)
        self.norm = nn.LayerNorm(channels, eps=NORM_EPS)

    def forward(self, image: Float[Tensor, "b a d h w"]) -> Float[Tensor, "b u v w2 c"]:
        """Tokens where their voxels lie."""
        embedded = self.pos(self.proj(image))
        tokens: Tensor = self.norm(embedded.permute(0, 2, 3, 4, 1))
        return tokens


class Attention(nn.Module):
    """Attention over a shrunken grid, with its values also brought back to full size.

    Args:
        channels: Of the tokens.
        heads: Among which the channels are divided.
        reduction: How much smaller the grid of keys and values is along each axis.
    """

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.reduction = reduction
        self.q = nn.Linear(channels, channels)
        self.kv = nn.Linear(channels, 2 * channels)
        if reduction > 1:
            self.sr = Convolution(
                channels,
                channels,
                reduction + 1,
                stride=reduction,
                padding=reduction // 2,
                groups=channels,
            )
            self.sr_norm = nn.LayerNorm(channels, eps=NORM_EPS)
        self.up_norm = nn.LayerNorm(channels, eps=NORM_EPS)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Float[Tensor, "b d h w c"]) -> Float[Tensor, "b d h w c"]:
        """What each token takes from the others."""
        b, d, h, w, c = tokens.shape
        source = tokens
        if self.reduction > 1:
            reduced = self.sr(tokens.permute(0, 4, 1, 2, 3))
            source = self.sr_norm(reduced.permute(0, 2, 3, 4, 1))  # b u v t c
        keys, values = self.kv(source).chunk(2, dim=-1)
        taken = functional.scaled_dot_product_attention(
            self._by_head(self.q(tokens)), self._by_head(keys), self._by_head(values)
        )  # b heads n c/heads
        attended = taken.transpose(1, 2).reshape(b, d, h, w, c)
        shown = values.permute(0, 4, 1, 2, 3)
        if self.reduction > 1:
            shown = functional.interpolate(shown, size=(d, h, w), mode="trilinear")
        mixed: Tensor = self.proj(attended + self.up_norm(shown.permute(0, 2, 3, 4, 1)))
        return mixed

    def _by_head(self, tokens: Tensor) -> Tensor:
        b, c = tokens.shape[0], tokens.shape[-1]
        return tokens.reshape(b, -1, self.heads, c // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them, four times as wide inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, tokens: Float[Tensor, "... c"]) -> Float[Tensor, "... c"]:
        """Each token by itself."""
        mixed: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return mixed


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and added to what came in."""

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=NORM_EPS)
        self.attn = Attention(channels, heads, reduction)
        self.norm2 = nn.LayerNorm(channels, eps=NORM_EPS)
        self.mlp = FeedForward(channels)

    def forward(self, tokens: Float[Tensor, "b d h w c"]) -> Float[Tensor, "b d h w c"]:
        """The tokens after the block."""
        tokens = tokens + self.attn(self.norm1(tokens))
        refined: Tensor = tokens + self.mlp(self.norm2(tokens))
        return refined


class ImageEncoder(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the image's size.

    Args:
        sizes: Of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        first, second, third, fourth = sizes.embed
        self.stem = PatchEmbedding(_stem(first), first)
        self.patch_2 = PatchEmbedding(_halving(first, second), second)
        self.patch_3 = PatchEmbedding(_halving(second, third), third)
        self.patch_4 = PatchEmbedding(_halving(third, fourth), fourth)
        self.stage1, self.stage2, self.stage3, self.stage4 = (
            nn.Sequential(*(Block(width, heads, reduction) for _ in range(depth)))
            for width, depth, heads, reduction in zip(
                sizes.embed, sizes.depths, sizes.heads, sizes.reduction, strict=True
            )
        )
        self.channel_mapper1 = Convolution(first, sizes.fine, 1)
        self.channel_mapper2 = Convolution(second, sizes.fine, 1)
        self.channel_mapper3 = Convolution(third, sizes.fine, 1)
        self.channel_mapper4 = Convolution(fourth, sizes.coarse, 1)

    def forward(self, image: Float[Tensor, "b 1 d h w"]) -> list[Tensor]:
        """Features, fine to coarse: `fine`, `fine`, `fine` and `coarse` channels.

        Args:
            image: Scaled to [0, 1]; sizes are multiples of 32.
        """
        features = []
        for embed, stage, mapper in self._stages():
            image = stage(embed(image)).permute(0, 4, 1, 2, 3)
            features.append(mapper(image))
        return features

    def _stages(self) -> Sequence[tuple[nn.Module, nn.Module, nn.Module]]:
        return (
            (self.stem, self.stage1, self.channel_mapper1),
            (self.patch_2, self.stage2, self.channel_mapper2),
            (self.patch_3, self.stage3, self.channel_mapper3),
            (self.patch_4, self.stage4, self.channel_mapper4),
        )


def _stem(channels: int) -> nn.Sequential:
    half = channels // 2
    return nn.Sequential(
        Convolution(1, half, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm3d(half),
        nn.ReLU(inplace=True),
        Convolution(half, channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm3d(channels),
        nn.ReLU(inplace=True),
        Convolution(channels, channels, 1),
    )


def _halving(inputs: int, outputs: int) -> Convolution:
    return Convolution(inputs, outputs, 3, stride=2, padding=1)
