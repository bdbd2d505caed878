"""3DSAM-adapter read plainly, as published: nothing fused, no score left unheld, nothing kept.

What `benchmarks.sam_adapter3d` compares with. It uses the weights of our network.
"""

import torch
from torch import Tensor
from torch.nn import functional

from voxclick.models.sam_adapter3d.attention import (
    SHIFT,
    WINDOW,
    WindowAttention,
    partition,
    relative_rows,
    shift_mask,
    together,
)
from voxclick.models.sam_adapter3d.encoder import Block
from voxclick.models.sam_adapter3d.mask_decoder import HEADS, JOINED
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import FEATURES
from voxclick.models.sam_adapter3d.tokens import FINE

UPSAMPLED = 512


def forward(network: Network, crop: Tensor, points: Tensor) -> Tensor:
    """Logits for one list of clicks, everything computed anew."""
    tokens = _tokens(network, crop)
    mask = shift_mask().to(crop.device)
    features = []
    for index, block in enumerate(network.encoder.blocks):
        tokens = _block(block, tokens, mask)
        if index in FEATURES:
            neck = network.encoder.neck_3d[FEATURES.index(index)]
            features.append(neck(tokens.permute(0, 4, 1, 2, 3).contiguous()))
    place = (points + 0.5) * 2 / crop.shape[-1] - 1
    features[-1] = network.prompt_encoder(features[-1], place)
    return _decoded(network, crop, features)


def _tokens(network: Network, crop: Tensor) -> Tensor:
    encoder = network.encoder
    volume = functional.interpolate(
        crop.expand(-1, 3, -1, -1, -1), size=[UPSAMPLED] * 3, mode="trilinear"
    )
    slices = volume[0].transpose(0, 1)  # 512 3 512 512
    proj = encoder.patch_embed["proj"]
    patches = functional.conv2d(slices, proj.weight, proj.bias, stride=FINE)
    depth = patches.permute(1, 2, 3, 0)[None]  # 1 c 32 32 512
    merged = encoder.slice_embed(depth).permute(0, 2, 3, 4, 1)
    place = functional.avg_pool2d(encoder.pos_embed.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    return merged + place[:, :, :, None] + encoder.depth_embed[:, None, None]


def _block(block: Block, tokens: Tensor, mask: Tensor) -> Tensor:
    tokens = block.adapter(tokens)
    entry = block.norm1(tokens)
    if block.shifted:
        entry = entry.roll((-SHIFT,) * 3, dims=(1, 2, 3))
    found = _attended(block.attn, partition(entry), mask if block.shifted else None)
    found = together(found, 1)
    if block.shifted:
        found = found.roll((SHIFT,) * 3, dims=(1, 2, 3))
    tokens = tokens + found
    return tokens + block.mlp(block.norm2(tokens))


def _attended(module: WindowAttention, windows: Tensor, mask: Tensor | None) -> Tensor:
    count, length, _ = windows.shape
    query, key, value = (
        part.reshape(count, length, module.heads, -1).transpose(1, 2)
        for part in module.qkv(windows).chunk(3, dim=-1)
    )
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    grid = query.unflatten(2, (WINDOW,) * 3)
    added = [
        torch.einsum(f"nmuvwc,{axis}kc->nmuvwk", grid, relative_rows(table))
        for axis, table in zip(
            "uvw", (module.rel_pos_h, module.rel_pos_w, module.rel_pos_d), strict=True
        )
    ]
    bias = (
        added[0][..., :, None, None] + added[1][..., None, :, None] + added[2][..., None, None, :]
    )
    scores = scores + module.lr * bias.flatten(5).flatten(2, 4)
    if mask is not None:
        scores = scores + mask[:, None]
    return module.proj((scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2))


def _decoded(network: Network, crop: Tensor, features: list[Tensor]) -> Tensor:
    decoder = network.decoder
    fine = [
        functional.interpolate(
            decoder.mlahead[name](feature), scale_factor=2, mode="trilinear", align_corners=True
        )
        for name, feature in zip(HEADS, features, strict=True)
    ]
    small = functional.interpolate(
        crop.permute(0, 1, 3, 4, 2), scale_factor=JOINED / crop.shape[-1], mode="trilinear"
    )
    coarse = decoder.cls(torch.cat([*fine, small], dim=1))
    logits = functional.interpolate(
        coarse, scale_factor=crop.shape[-1] // JOINED, mode="trilinear", align_corners=True
    )
    return logits.permute(0, 1, 4, 2, 3)
