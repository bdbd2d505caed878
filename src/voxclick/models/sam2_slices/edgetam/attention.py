"""The memory attention of EdgeTAM (arXiv 2501.07256, section 3.2), over one slice's tokens."""

from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from voxclick.models.sam2_slices.attention import Told, among_themselves, of_memories, turns_of


def attend(
    attention: Any,
    image: Float[Tensor, "t c"],
    image_position: Float[Tensor, "t c"],
    memory: Float[Tensor, "k m"],
    memory_position: Float[Tensor, "k m"],
    pointers: int,
    wide: int,
) -> Float[Tensor, "t c"]:
    """A slice's tokens after they attended to themselves and to memories, layer by layer.

    As SAM 2's, in the same cheaper order; but a memory's first tokens lie nowhere, and its others
    on a coarser grid than the slice's own. In training it is the library's own forward.

    Args:
        attention: The library's memory attention.
        image: The slice's tokens.
        image_position: Where they lie.
        memory: Tokens of memories; those of pointers last.
        memory_position: Where and when those are.
        pointers: How many tokens at the end are of pointers, which lie nowhere.
        wide: How many tokens of each memory are of the whole slice; they come first.
    """
    grid = len(attention.position_ids_k)
    if attention.training:
        seen: Tensor = attention(
            current_vision_features=image[:, None],
            current_vision_position_embeddings=image_position[:, None],
            memory=memory[:, None],
            memory_posision_embeddings=memory_position[:, None],
            num_object_pointer_tokens=pointers,
            num_spatial_memory_tokens=(len(memory) - pointers) // (wide + grid),
        )
        return seen.reshape(image.shape)
    turns = turns_of(attention, attention.position_ids)
    lying = _unturned_first(turns_of(attention, attention.position_ids_k), wide)
    told = Told(memory + memory_position, memory, pointers, lying)
    tokens = image + 0.1 * image_position
    for layer in attention.layers:
        tokens = tokens + among_themselves(layer.self_attn, layer.layer_norm1(tokens), turns)
        asked = layer.layer_norm2(tokens)
        tokens = tokens + of_memories(layer.cross_attn_image, asked, turns, told)
        tokens = tokens + layer.mlp(layer.layer_norm3(tokens))
    finished: Tensor = attention.layer_norm(tokens)
    return finished


def _unturned_first(turns: Complex[Tensor, "g e"], wide: int) -> Complex[Tensor, "t e"]:
    return torch.cat([turns.new_ones(wide, turns.shape[1]), turns])
