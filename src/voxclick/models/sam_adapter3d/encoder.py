"""The image encoder: SAM ViT-B on cubes of tokens, with an adapter before each block."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from voxclick.models.layers.convolution import Convolution
from voxclick.models.sam_adapter3d.attention import SHIFT, WindowAttention, partition, together
from voxclick.models.sam_adapter3d.sizes import BLOCKS, FEATURES, FORMERLY_GLOBAL, TOKENS, Sizes
from voxclick.models.sam_adapter3d.tokens import FINE, embed_crop

SAM_GRID = 64
"""Patches along each axis of an image in SAM, whose positions are pooled to `TOKENS`."""


class Perceptron(nn.Module):
    """Two layers with an activation between them."""

    def __init__(self, width: int, hidden: int, activation: nn.Module) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, tokens: Float[Tensor, "*shape c"]) -> Float[Tensor, "*shape c"]:
        """Mix the channels of each token."""
        mixed: Tensor = self.lin2(self.activation(self.lin1(tokens)))
        return mixed


class Adapter(nn.Module):
    """What lets a 2D block see along depth: a depth-wise convolution in a bottleneck."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, bottleneck)
        self.conv = Convolution(bottleneck, bottleneck, 3, padding=1, groups=bottleneck)
        self.linear2 = nn.Linear(bottleneck, width)

    def forward(self, tokens: Float[Tensor, "b u v t c"]) -> Float[Tensor, "b u v t c"]:
        """Add what neighbours say; never less than nothing, as published."""
        narrow = functional.relu(self.linear1(tokens)).permute(0, 4, 1, 2, 3)
        mixed = functional.relu(self.conv(narrow.contiguous())).permute(0, 2, 3, 4, 1)
        return tokens + functional.relu(self.linear2(mixed))


class Block(nn.Module):
    """An adapter, then attention in windows and a perceptron as in SAM.

    Args:
        sizes: Of the network.
        index: Its place; even ones shift their windows.
    """

    def __init__(self, sizes: Sizes, index: int) -> None:
        super().__init__()
        self.shifted = index % 2 == 0
        rows = 2 * SAM_GRID - 1 if index in FORMERLY_GLOBAL else 27
        self.adapter = Adapter(sizes.embed, sizes.bottleneck)
        self.norm1 = nn.LayerNorm(sizes.embed, eps=1e-6)
        self.attn = WindowAttention(sizes.embed, sizes.heads, rows)
        self.norm2 = nn.LayerNorm(sizes.embed, eps=1e-6)
        self.mlp = Perceptron(sizes.embed, sizes.hidden, nn.GELU())

    def forward(self, tokens: Float[Tensor, "b u v t c"]) -> Float[Tensor, "b u v t c"]:
        """One step of the trunk."""
        tokens = self.adapter(tokens)
        entry = self.norm1(tokens)
        if self.shifted:
            entry = entry.roll((-SHIFT,) * 3, dims=(1, 2, 3))
        found = together(self.attn(partition(entry), self.shifted), len(tokens))
        if self.shifted:
            found = found.roll((SHIFT,) * 3, dims=(1, 2, 3))
        tokens = tokens + found
        mixed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return mixed


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of each voxel."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, D102  (as in nn.LayerNorm)
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)


class Neck(nn.Sequential):
    """Tokens of one block as a feature map."""

    def __init__(self, embed: int, width: int) -> None:
        super().__init__(
            Convolution(embed, width, 1, bias=False),
            ChannelNorm(width),
            Convolution(width, width, 3, padding=1, bias=False),
            ChannelNorm(width),
        )


class Encoder(nn.Module):
    """The trunk and its four necks.

    Args:
        sizes: Of the network.

    Attributes:
        checkpointing: Whether blocks are computed again in the backward pass, to save memory.
    """

    checkpointing: bool = False

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        embed = sizes.embed
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, embed, FINE, stride=FINE)})
        self.slice_embed = nn.Conv3d(embed, embed, (1, 1, FINE), stride=(1, 1, FINE), groups=embed)
        self.pos_embed = nn.Parameter(torch.zeros(1, SAM_GRID, SAM_GRID, embed))
        self.depth_embed = nn.Parameter(torch.ones(1, TOKENS, embed))
        self.blocks = nn.ModuleList(Block(sizes, index) for index in range(BLOCKS))
        self.neck_3d = nn.ModuleList(Neck(embed, sizes.neck) for _ in FEATURES)

    def forward(self, crop: Float[Tensor, "b 1 d h w"]) -> list[Float[Tensor, "b c u v t"]]:
        """Features after blocks 3, 6, 9 and 12, along height, width and depth."""
        tokens = self.tokens(crop)
        found = []
        for index, block in enumerate(self.blocks):
            if self.checkpointing and torch.is_grad_enabled():
                tokens = checkpoint(block, tokens, use_reentrant=False)
            else:
                tokens = block(tokens)
            if index in FEATURES:
                neck = self.neck_3d[FEATURES.index(index)]
                found.append(neck(tokens.permute(0, 4, 1, 2, 3).contiguous()))
        return found

    def tokens(self, crop: Float[Tensor, "b 1 d h w"]) -> Float[Tensor, "b u v t c"]:
        """Tokens with their positions: SAM's, pooled, in the slice, and a learned one in depth."""
        patch, slices = self.patch_embed["proj"], self.slice_embed
        assert isinstance(patch, nn.Conv2d)
        assert patch.bias is not None
        assert slices.bias is not None
        tokens = embed_crop(crop, (patch.weight, patch.bias), (slices.weight, slices.bias))
        place = functional.avg_pool2d(self.pos_embed.permute(0, 3, 1, 2), SAM_GRID // TOKENS)
        return tokens + place.permute(0, 2, 3, 1)[:, :, :, None] + self.depth_embed[:, None, None]
