"""The memory attention of SAM 2 (arXiv 2408.00714, section 4), over one slice's tokens."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor
from torch.nn import functional

ROWS = 256
"""Queries weighed at a time on a CPU: as fast as any, and 30 MB of weights at 512 pixels."""


@dataclass(frozen=True, eq=False)
class Told:
    """What memories tell a slice.

    Attributes:
        placed: Their tokens with where and when those are; those of pointers last.
        memory: The tokens alone.
        pointers: How many at the end are of pointers, which lie nowhere.
        turns: Of the tokens of one memory, by where they lie.
    """

    placed: Float[Tensor, "k m"]
    memory: Float[Tensor, "k m"]
    pointers: int
    turns: Complex[Tensor, "t e"]


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
    turns = turns_of(attention, attention.position_ids)
    told = Told(memory + memory_position, memory, pointers, turns)
    tokens = image + 0.1 * image_position
    for layer in attention.layers:
        tokens = tokens + among_themselves(layer.self_attn, layer.layer_norm1(tokens), turns)
        asked = layer.layer_norm2(tokens)
        tokens = tokens + of_memories(layer.cross_attn_image, asked, turns, told)
        inner = layer.activation(layer.linear1(layer.layer_norm3(tokens)))
        tokens = tokens + layer.linear2(inner)
    finished: Tensor = attention.layer_norm(tokens)
    return finished


def turns_of(attention: Any, places: Int[Tensor, "t 2"]) -> Complex[Tensor, "t e"]:
    """The rotation of each token's pairs of channels, by its column and row on its slice."""
    angles = places[..., None] * attention.rotary_emb.inv_freq  # t 2 e/2
    angles = torch.cat([angles[:, 0], angles[:, 1]], dim=-1)  # t e
    return torch.polar(torch.ones_like(angles), angles)


def among_themselves(
    attention: Any, tokens: Float[Tensor, "t c"], turns: Complex[Tensor, "t e"]
) -> Float[Tensor, "t c"]:
    """What the tokens of a slice tell each other."""
    queries = _turned(attention.q_proj(tokens), turns)
    keys = _turned(attention.k_proj(tokens), turns)
    seen = functional.scaled_dot_product_attention(
        queries[None, None], keys[None, None], attention.v_proj(tokens)[None, None]
    )
    found: Tensor = attention.o_proj(seen[0, 0])
    return found


def of_memories(
    attention: Any, tokens: Float[Tensor, "t c"], turns: Complex[Tensor, "t e"], told: Told
) -> Float[Tensor, "t c"]:
    """What memories tell the tokens of a slice."""
    queries = _turned(attention.q_proj(tokens), turns)
    keys = attention.k_proj(told.placed)
    lying = len(keys) - told.pointers
    keys = torch.cat([_turned(keys[:lying], told.turns), keys[lying:]])
    if queries.device.type == "cpu":
        scaled = queries * queries.shape[-1] ** -0.5
        rows = scaled.split(ROWS)
        weighed = torch.cat([(some @ keys.T).softmax(-1) @ told.memory for some in rows])
        seen = attention.v_proj(weighed)
    else:
        values = attention.v_proj(told.memory)
        seen = functional.scaled_dot_product_attention(
            queries[None, None], keys[None, None], values[None, None]
        )[0, 0]
    found: Tensor = attention.o_proj(seen)
    return found


def _turned(tokens: Float[Tensor, "k c"], turns: Complex[Tensor, "t e"]) -> Float[Tensor, "k c"]:
    """Tokens of one or more slices, each turned by its place on its slice."""
    pairs = torch.view_as_complex(tokens.float().reshape(len(tokens), -1, 2))  # k e
    turned = pairs.reshape(-1, *turns.shape) * turns  # n t e
    return torch.view_as_real(turned).reshape(tokens.shape).to(tokens.dtype)
