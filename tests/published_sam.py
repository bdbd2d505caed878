"""Entries of SAM's published checkpoints, spelled out by size, and small ones with values."""

import torch

RELEASED = {"b": (768, 12, 12), "l": (1024, 24, 16), "h": (1280, 32, 16)}
"""Channels, blocks and attention heads of the image encoders."""

GLOBAL = {"b": (2, 5, 8, 11), "l": (5, 11, 17, 23), "h": (7, 15, 23, 31)}
"""Blocks that attend to all of the frame."""


def entries(embed, blocks, heads, everywhere, tokens=64, window=14, width=256, feed=2048):
    """Names and shapes of a published checkpoint."""
    root = "image_encoder"
    shapes = {
        f"{root}.pos_embed": (1, tokens, tokens, embed),
        **affine(f"{root}.patch_embed.proj", (embed, 3, 16, 16)),
        f"{root}.neck.0.weight": (width, embed, 1, 1),
        **affine(f"{root}.neck.1", (width,)),
        f"{root}.neck.2.weight": (width, width, 3, 3),
        **affine(f"{root}.neck.3", (width,)),
    }
    for n in range(blocks):
        block = f"{root}.blocks.{n}"
        side = tokens if n in everywhere else window
        shapes |= {
            **affine(f"{block}.norm1", (embed,)),
            f"{block}.attn.rel_pos_h": (2 * side - 1, embed // heads),
            f"{block}.attn.rel_pos_w": (2 * side - 1, embed // heads),
            **affine(f"{block}.attn.qkv", (3 * embed, embed)),
            **affine(f"{block}.attn.proj", (embed, embed)),
            **affine(f"{block}.norm2", (embed,)),
            **affine(f"{block}.mlp.lin1", (4 * embed, embed)),
            **affine(f"{block}.mlp.lin2", (embed, 4 * embed)),
        }
    return shapes | prompts(width) | decoder(width, feed)


def prompts(width):
    root = "prompt_encoder"
    shapes = {f"{root}.pe_layer.positional_encoding_gaussian_matrix": (2, width // 2)}
    shapes |= {f"{root}.point_embeddings.{kind}.weight": (1, width) for kind in range(4)}
    shapes |= {
        f"{root}.{name}.weight": (1, width) for name in ("not_a_point_embed", "no_mask_embed")
    }
    return shapes | {
        **affine(f"{root}.mask_downscaling.0", (4, 1, 2, 2)),
        **affine(f"{root}.mask_downscaling.1", (4,)),
        **affine(f"{root}.mask_downscaling.3", (16, 4, 2, 2)),
        **affine(f"{root}.mask_downscaling.4", (16,)),
        **affine(f"{root}.mask_downscaling.6", (width, 16, 1, 1)),
    }


def decoder(width, feed):
    root = "mask_decoder"
    shapes = {f"{root}.iou_token.weight": (1, width), f"{root}.mask_tokens.weight": (4, width)}
    for n in range(2):
        layer = f"{root}.transformer.layers.{n}"
        shapes |= attention(f"{layer}.self_attn", width, width)
        shapes |= attention(f"{layer}.cross_attn_token_to_image", width, width // 2)
        shapes |= attention(f"{layer}.cross_attn_image_to_token", width, width // 2)
        for norm in range(1, 5):
            shapes |= affine(f"{layer}.norm{norm}", (width,))
        shapes |= affine(f"{layer}.mlp.lin1", (feed, width))
        shapes |= affine(f"{layer}.mlp.lin2", (width, feed))
    shapes |= attention(f"{root}.transformer.final_attn_token_to_image", width, width // 2)
    shapes |= affine(f"{root}.transformer.norm_final_attn", (width,))
    shapes |= affine(f"{root}.output_upscaling.0", (width, width // 4, 2, 2), width // 4)
    shapes |= affine(f"{root}.output_upscaling.1", (width // 4,))
    shapes |= affine(f"{root}.output_upscaling.3", (width // 4, width // 8, 2, 2), width // 8)
    for n in range(4):
        shapes |= perceptron(
            f"{root}.output_hypernetworks_mlps.{n}", (width, width, width, width // 8)
        )
    return shapes | perceptron(f"{root}.iou_prediction_head", (width, 256, 256, 4))


def attention(name, width, inner):
    shapes = {}
    for part in "qkv":
        shapes |= affine(f"{name}.{part}_proj", (inner, width))
    return shapes | affine(f"{name}.out_proj", (width, inner))


def perceptron(name, sizes):
    shapes = {}
    for n in range(3):
        shapes |= affine(f"{name}.layers.{n}", (sizes[n + 1], sizes[n]))
    return shapes


def affine(name, shape, bias=None):
    return {f"{name}.weight": shape, f"{name}.bias": (bias or shape[0],)}


def narrow():
    """A small SAM that looks at frames of 64 pixels, in its authors' names."""
    shapes = entries(16, 2, 2, everywhere=(1,), tokens=4, window=2, width=32, feed=32)
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.randn(shape, generator=generator) * 0.1 + ("norm" in name and "weight" in name)
        for name, shape in shapes.items()
    }
