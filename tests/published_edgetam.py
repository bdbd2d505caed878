"""Entries of EdgeTAM's published checkpoint, spelled out by size, and a small one with values."""

import torch
from published_sam2 import affine, attention, decoder, memory_encoder, perceptron, prompts

RELEASED = {
    "channels": (48, 96, 192, 384),
    "blocks": (2, 2, 14, 2),
    "grid": 16,
    "wide": 256,
    "width": 256,
    "feed": 2048,
}
TINY = {"channels": (8, 16, 24, 32), "blocks": (1, 2, 1, 1), "grid": 2, "wide": 3}
"""The smallest that has everything; memories of three tokens that lie nowhere, and of four."""

WIDTH = 128
"""Channels of the small one; the library's session takes no fewer than two pointers a slice."""

ENCODER = "image_encoder.trunk.body"


def entries(channels, blocks, grid, wide, width, feed):
    """Names and shapes of the published checkpoint."""
    shapes = {
        "maskmem_tpos_enc": (7, 1, 1, 64),
        "no_mem_embed": (1, 1, width),
        "no_mem_pos_enc": (1, 1, width),
        "no_obj_ptr": (1, width),
        **affine("mask_downsample", (1, 1, 4, 4)),
    }
    shapes |= encoder(channels, blocks)
    for level in range(4):
        into = (width, channels[3 - level], 1, 1)
        shapes |= affine(f"image_encoder.neck.convs.{level}.conv", into)
    shapes |= affine("memory_attention.norm", (width,))
    for layer in range(2):
        root = f"memory_attention.layers.{layer}"
        shapes |= attention(f"{root}.self_attn", width, width, width)
        shapes |= attention(f"{root}.cross_attn_image", width, width, 64)
        shapes |= affine(f"{root}.linear1", (feed, width))
        shapes |= affine(f"{root}.linear2", (width, feed))
        for norm in (1, 2, 3):
            shapes |= affine(f"{root}.norm{norm}", (width,))
    shapes |= memory_encoder(width) | perceiver(grid, wide) | prompts(width)
    shapes |= decoder(width, feed)
    return shapes | perceptron("obj_ptr_proj", [width] * 4)


def encoder(channels, blocks):
    first = channels[0]
    shapes = normed(f"{ENCODER}.stem.conv1", (first // 2, 3, 3, 3))
    shapes |= normed(f"{ENCODER}.stem.conv2", (first, first // 2, 3, 3))
    for stage, (width, count) in enumerate(zip(channels, blocks, strict=True)):
        root = f"{ENCODER}.stages_{stage}"
        if stage:
            before = channels[stage - 1]
            shapes |= block(f"{root}.downsample.pre_block", before)
            shapes |= normed(f"{root}.downsample.spatial_downsample", (before, 1, 3, 3))
            shapes |= normed(f"{root}.downsample.channel_downsample", (width, before, 1, 1))
            shapes |= mixer(f"{root}.downsample.ffn", width)
        for number in range(count):
            shapes |= block(f"{root}.blocks.{number}", width)
            if number % 2 == 0:
                inner = max(8, int(width * 0.25 + 4) // 8 * 8)
                shapes |= affine(f"{root}.blocks.{number}.se.fc1", (inner, width, 1, 1))
                shapes |= affine(f"{root}.blocks.{number}.se.fc2", (width, inner, 1, 1))
    return shapes


def block(root, width):
    shapes = normed(f"{root}.token_mixer.conv", (width, 1, 3, 3))
    shapes |= normed(f"{root}.token_mixer.conv1", (width, 1, 1, 1))
    return shapes | mixer(f"{root}.channel_mixer", width)


def mixer(root, width):
    inner = (2 * width, width, 1, 1)
    return normed(f"{root}.conv1", inner) | normed(f"{root}.conv2", (width, 2 * width, 1, 1))


def normed(root, shape):
    counts = ("weight", "bias", "running_mean", "running_var")
    shapes = {f"{root}.bn.{name}": shape[:1] for name in counts}
    return {f"{root}.c.weight": shape, **shapes, f"{root}.bn.num_batches_tracked": ()}


def perceiver(grid, wide):
    root = "spatial_perceiver"
    shapes = {f"{root}.latents": (wide, 64), f"{root}.latents_2d": (grid * grid, 64)}
    for layer in range(2):
        here = f"{root}.layers.{layer}"
        for part in ("attn", "self_attn"):
            shapes[f"{here}.{part}.to_q.weight"] = (64, 64)
            shapes[f"{here}.{part}.to_kv.weight"] = (128, 64)
            shapes[f"{here}.{part}.to_out.weight"] = (64, 64)
        for norm in ("attn.norm_x", "attn.norm_latents", "self_attn.norm", "ff.0", "self_ff.0"):
            shapes |= affine(f"{here}.{norm}", (64,))
        for part in ("ff", "self_ff"):
            shapes[f"{here}.{part}.1.weight"] = (256, 64)
            shapes[f"{here}.{part}.3.weight"] = (64, 256)
    return shapes | affine(f"{root}.norm", (64,))


def narrow(seed=0, **changed):
    """A published checkpoint of a million values, drawn at random, as its entries.

    Args:
        seed: Of the values.
        changed: Other sizes than those of `TINY`.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = {}
    for name, shape in entries(**{**TINY, "width": WIDTH, "feed": 64, **changed}).items():
        if name.endswith("num_batches_tracked"):
            drawn[name] = torch.tensor(7)
            continue
        scale = 1 / max(1, torch.Size(shape[1:]).numel()) ** 0.5 if len(shape) > 1 else 0.05
        drawn[name] = torch.randn(shape, generator=generator) * scale
        if len(shape) == 1 and name.endswith("weight"):
            drawn[name] += 1
        if name.endswith("running_var"):
            drawn[name] = 2 + drawn[name].abs()
    drawn["sam_mask_decoder.pred_obj_score_head.layers.2.bias"] += 4
    return drawn
