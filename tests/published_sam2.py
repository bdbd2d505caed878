"""Entries of SAM 2's published checkpoints, spelled out by size, and small ones with values."""

import itertools

import torch

TINY_SIZES = {"embed_dim": 8, "stages": [1, 1, 2, 1], "global_att_blocks": [3]}
"""The smallest image encoder for tests; the rest is at `narrow` sizes."""

RELEASED = {
    "tiny": (96, [1, 2, 7, 2], 7, 8),
    "small": (96, [1, 2, 11, 2], 7, 8),
    "base-plus": (112, [2, 3, 16, 3], 14, 8),
    "large": (144, [2, 6, 36, 4], 7, 8),
}
"""Channels, blocks a stage, background of the position embedding, and its window."""


def entries(embed, stages, background=7, window=8, width=256, feed=2048, version="2.1"):
    """Names and shapes of a published checkpoint."""
    shapes = {
        "maskmem_tpos_enc": (7, 1, 1, 64),
        "no_mem_embed": (1, 1, width),
        "no_mem_pos_enc": (1, 1, width),
        "no_obj_ptr": (1, width),
        **affine("mask_downsample", (1, 1, 4, 4)),
    }
    if version == "2.1":
        shapes |= {"no_obj_embed_spatial": (1, 64), **affine("obj_ptr_tpos_proj", (64, width))}
    shapes |= trunk(embed, stages, background, window, width)
    shapes |= memory(width, feed)
    shapes |= prompts(width)
    shapes |= decoder(width, feed)
    return shapes | perceptron("obj_ptr_proj", [width] * 4)


def trunk(embed, stages, background, window, width):
    root = "image_encoder.trunk"
    shapes = {
        f"{root}.pos_embed": (1, embed, background, background),
        f"{root}.pos_embed_window": (1, embed, window, window),
        **affine(f"{root}.patch_embed.proj", (embed, 3, 7, 7)),
    }
    number, before = 0, embed
    for stage, blocks in enumerate(stages):
        after = embed * 2**stage
        for _ in range(blocks):
            block = f"{root}.blocks.{number}"
            shapes |= affine(f"{block}.norm1", (before,)) | affine(f"{block}.norm2", (after,))
            shapes |= affine(f"{block}.attn.qkv", (3 * after, before))
            shapes |= affine(f"{block}.attn.proj", (after, after))
            shapes |= perceptron(f"{block}.mlp", [after, 4 * after, after])
            if before != after:
                shapes |= affine(f"{block}.proj", (after, before))
            number, before = number + 1, after
    for level in range(4):
        into = (width, embed * 2 ** (3 - level), 1, 1)
        shapes |= affine(f"image_encoder.neck.convs.{level}.conv", into)
    return shapes


def memory(width, feed):
    shapes = affine("memory_attention.norm", (width,))
    for layer in range(4):
        root = f"memory_attention.layers.{layer}"
        shapes |= attention(f"{root}.self_attn", width, width, width)
        shapes |= attention(f"{root}.cross_attn_image", width, width, 64)
        shapes |= affine(f"{root}.linear1", (feed, width)) | affine(
            f"{root}.linear2", (width, feed)
        )
        for norm in (1, 2, 3):
            shapes |= affine(f"{root}.norm{norm}", (width,))
    return shapes | memory_encoder(width)


def memory_encoder(width):
    shapes = {}
    for level in range(4):
        root = "memory_encoder.mask_downsampler.encoder"
        into = (4 ** (level + 1), 4**level, 3, 3)
        shapes |= affine(f"{root}.{3 * level}", into) | affine(f"{root}.{3 * level + 1}", into[:1])
    shapes |= affine("memory_encoder.mask_downsampler.encoder.12", (width, 256, 1, 1))
    shapes |= affine("memory_encoder.pix_feat_proj", (width, width, 1, 1))
    for layer in range(2):
        root = f"memory_encoder.fuser.layers.{layer}"
        shapes |= {f"{root}.gamma": (width,), **affine(f"{root}.dwconv", (width, 1, 7, 7))}
        shapes |= affine(f"{root}.norm", (width,))
        shapes |= affine(f"{root}.pwconv1", (4 * width, width))
        shapes |= affine(f"{root}.pwconv2", (width, 4 * width))
    return shapes | affine("memory_encoder.out_proj", (64, width, 1, 1))


def prompts(width):
    root = "sam_prompt_encoder"
    shapes = {f"{root}.pe_layer.positional_encoding_gaussian_matrix": (2, width // 2)}
    for name in (
        *(f"point_embeddings.{n}" for n in range(4)),
        "not_a_point_embed",
        "no_mask_embed",
    ):
        shapes[f"{root}.{name}.weight"] = (1, width)
    for place, shape in ((0, (4, 1, 2, 2)), (1, (4,)), (3, (16, 4, 2, 2)), (4, (16,))):
        shapes |= affine(f"{root}.mask_downscaling.{place}", shape)
    return shapes | affine(f"{root}.mask_downscaling.6", (width, 16, 1, 1))


def decoder(width, feed):
    root, half = "sam_mask_decoder", width // 2
    shapes = {}
    for layer in range(2):
        block = f"{root}.transformer.layers.{layer}"
        shapes |= attention(f"{block}.self_attn", width, width, width)
        shapes |= attention(f"{block}.cross_attn_token_to_image", width, half, width)
        shapes |= attention(f"{block}.cross_attn_image_to_token", width, half, width)
        shapes |= perceptron(f"{block}.mlp", [width, feed, width])
        for norm in (1, 2, 3, 4):
            shapes |= affine(f"{block}.norm{norm}", (width,))
    shapes |= attention(f"{root}.transformer.final_attn_token_to_image", width, half, width)
    shapes |= affine(f"{root}.transformer.norm_final_attn", (width,))
    for token, count in (("iou_token", 1), ("mask_tokens", 4), ("obj_score_token", 1)):
        shapes[f"{root}.{token}.weight"] = (count, width)
    quarter, eighth = width // 4, width // 8
    shapes |= {
        f"{root}.output_upscaling.0.weight": (width, quarter, 2, 2),
        f"{root}.output_upscaling.0.bias": (quarter,),
        f"{root}.output_upscaling.3.weight": (quarter, eighth, 2, 2),
        f"{root}.output_upscaling.3.bias": (eighth,),
        **affine(f"{root}.output_upscaling.1", (quarter,)),
        **affine(f"{root}.conv_s0", (eighth, width, 1, 1)),
        **affine(f"{root}.conv_s1", (quarter, width, 1, 1)),
    }
    for mask in range(4):
        sizes = [width, width, width, eighth]
        shapes |= perceptron(f"{root}.output_hypernetworks_mlps.{mask}", sizes)
    shapes |= perceptron(f"{root}.iou_prediction_head", [width, 256, 256, 4])
    return shapes | perceptron(f"{root}.pred_obj_score_head", [width, width, width, 1])


def attention(root, width, inner, remembered):
    shapes = affine(f"{root}.q_proj", (inner, width)) | affine(f"{root}.out_proj", (width, inner))
    for name in ("k_proj", "v_proj"):
        shapes |= affine(f"{root}.{name}", (inner, remembered))
    return shapes


def perceptron(root, sizes):
    shapes = {}
    for layer, (before, after) in enumerate(itertools.pairwise(sizes)):
        shapes |= affine(f"{root}.layers.{layer}", (after, before))
    return shapes


def affine(root, shape):
    return {f"{root}.weight": shape, f"{root}.bias": shape[:1]}


def narrow(version="2.1", seed=0):
    """A published checkpoint of half a million values, drawn at random, as its entries."""
    generator = torch.Generator().manual_seed(seed)
    shapes = entries(TINY_SIZES["embed_dim"], TINY_SIZES["stages"], 7, 8, 64, 64, version)
    drawn = {}
    for name, shape in shapes.items():
        scale = 1 / max(1, torch.Size(shape[1:]).numel()) ** 0.5 if len(shape) > 1 else 0.05
        drawn[name] = torch.randn(shape, generator=generator) * scale
        if len(shape) == 1 and name.endswith("weight"):
            drawn[name] += 1
    drawn["sam_mask_decoder.pred_obj_score_head.layers.2.bias"] += 4
    return drawn
