"""The memory attention of SAM 2 (arXiv 2408.00714, section 4), over one slice's tokens."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

ROWS = 256
"""Queries weighed at a time on a CPU: as fast as any, and 30 MB of weights at 512 pixels."""


def attend(
    attention: Any,
    image: Float[Tensor, "t c"],
    image_position: Float[Tensor, "t c"],
    memory: Float[Tensor, "k m"],
    memory_position: Float[Tensor, "k m"],
    pointers: int,
) -> Float[Tensor, "t c"]:
    """A slice's tokens after they attended to themselves and to memories, layer by layer.

    In training it is the library's own forward, with its dropout. Else the same sums are taken in
    a cheaper order: rotations as complex products, which no memory repeats, and memories weighed
    before they are projected, at a quarter of the channels.

    Args:
        attention: The library's memory attention.
        image: The slice's tokens.
        image_position: Where they lie.
        memory: Tokens of memories; those of pointers last.
        memory_position: Where and when those are.
        pointers: How many tokens at the end are of pointers, which lie nowhere.
    """
    if attention.training:
        seen: Tensor = attention(
            current_vision_features=image[:, None],
            current_vision_position_embeddings=image_position[:, None],
            memory=memory[:, None],
            memory_posision_embeddings=memory_position[:, None],
            num_object_pointer_tokens=pointers,
        )
        return seen.reshape(image.shape)
    turns = _turns(attention)
    placed = memory + memory_position
    tokens = image + 0.1 * image_position
    for layer in attention.layers:
        tokens = tokens + _among_themselves(layer.self_attn, layer.layer_norm1(tokens), turns)
        asked = layer.layer_norm2(tokens)
        tokens = tokens + _of_memories(
            layer.cross_attn_image, asked, placed, memory, pointers, turns
        )
        inner = layer.activation(layer.linear1(layer.layer_norm3(tokens)))
        tokens = tokens + layer.linear2(inner)
    finished: Tensor = attention.layer_norm(tokens)
    return finished


def _turns(attention: Any) -> Tensor:
    """The rotation of each token's pairs of channels, as complex numbers."""
    places = attention.position_ids[..., None] * attention.rotary_emb.inv_freq  # t 2 c/4
    angles = torch.cat([places[:, 0], places[:, 1]], dim=-1)  # t c/2
    return torch.polar(torch.ones_like(angles), angles)


def _turned(tokens: Float[Tensor, "k c"], turns: Tensor) -> Float[Tensor, "k c"]:
    """Tokens of one or more slices, each turned by its place on its slice."""
    pairs = torch.view_as_complex(tokens.float().reshape(len(tokens), -1, 2))  # k c/2
    turned = pairs.reshape(-1, *turns.shape) * turns  # n t c/2
    return torch.view_as_real(turned).reshape(tokens.shape).to(tokens.dtype)


def _among_themselves(
    attention: Any, tokens: Float[Tensor, "t c"], turns: Tensor
) -> Float[Tensor, "t c"]:
    queries = _turned(attention.q_proj(tokens), turns)
    keys = _turned(attention.k_proj(tokens), turns)
    seen = functional.scaled_dot_product_attention(
        queries[None, None], keys[None, None], attention.v_proj(tokens)[None, None]
    )
    found: Tensor = attention.o_proj(seen[0, 0])
    return found


def _of_memories(
    attention: Any,
    tokens: Float[Tensor, "t c"],
    placed: Float[Tensor, "k m"],
    memory: Float[Tensor, "k m"],
    pointers: int,
    turns: Tensor,
) -> Float[Tensor, "t c"]:
    queries = _turned(attention.q_proj(tokens), turns)
    keys = attention.k_proj(placed)
    lying = len(keys) - pointers
    keys = torch.cat([_turned(keys[:lying], turns), keys[lying:]])
    if queries.device.type == "cpu":
        scaled = queries * queries.shape[-1] ** -0.5
        weighed = torch.cat([(rows @ keys.T).softmax(-1) @ memory for rows in scaled.split(ROWS)])
        seen = attention.v_proj(weighed)
    else:
        values = attention.v_proj(memory)
        seen = functional.scaled_dot_product_attention(
            queries[None, None], keys[None, None], values[None, None]
        )[0, 0]
    found: Tensor = attention.o_proj(seen)
    return found
