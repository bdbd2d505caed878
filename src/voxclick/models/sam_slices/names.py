"""From the names in the authors' checkpoints of SAM to those of transformers' SamModel."""

import re
from collections.abc import Collection, Mapping

from torch import Tensor

LIBRARY_MARKS = frozenset(
    {"vision_encoder.patch_embed.projection.weight", "mask_decoder.mask_tokens.weight"}
)
AUTHORS_MARKS = frozenset(
    {"image_encoder.patch_embed.proj.weight", "mask_decoder.mask_tokens.weight"}
)

PROMPT_POSITION = "prompt_encoder.shared_embedding.positional_embedding"
IMAGE_POSITION = "shared_image_embedding.positional_embedding"

RENAMED: tuple[tuple[str, str], ...] = (
    (r"(_mlps\.\d+|_head)\.layers\.0\.", r"\1.proj_in."),
    (r"(_mlps\.\d+|_head)\.layers\.2\.", r"\1.proj_out."),
    (r"(_mlps\.\d+|_head)\.layers\.1\.", r"\1.layers.0."),
    (r"^image_encoder\.patch_embed\.proj\.", "image_encoder.patch_embed.projection."),
    (r"^image_encoder\.blocks\.", "image_encoder.layers."),
    (r"^image_encoder\.neck\.0\.", "image_encoder.neck.conv1."),
    (r"^image_encoder\.neck\.1\.", "image_encoder.neck.layer_norm1."),
    (r"^image_encoder\.neck\.2\.", "image_encoder.neck.conv2."),
    (r"^image_encoder\.neck\.3\.", "image_encoder.neck.layer_norm2."),
    (r"^image_encoder\.", "vision_encoder."),
    (r"^prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix$", IMAGE_POSITION),
    (r"^prompt_encoder\.point_embeddings\.", "prompt_encoder.point_embed."),
    (r"^prompt_encoder\.mask_downscaling\.0\.", "prompt_encoder.mask_embed.conv1."),
    (r"^prompt_encoder\.mask_downscaling\.1\.", "prompt_encoder.mask_embed.layer_norm1."),
    (r"^prompt_encoder\.mask_downscaling\.3\.", "prompt_encoder.mask_embed.conv2."),
    (r"^prompt_encoder\.mask_downscaling\.4\.", "prompt_encoder.mask_embed.layer_norm2."),
    (r"^prompt_encoder\.mask_downscaling\.6\.", "prompt_encoder.mask_embed.conv3."),
    (r"^mask_decoder\.output_upscaling\.0\.", "mask_decoder.upscale_conv1."),
    (r"^mask_decoder\.output_upscaling\.1\.", "mask_decoder.upscale_layer_norm."),
    (r"^mask_decoder\.output_upscaling\.3\.", "mask_decoder.upscale_conv2."),
    (r"\.norm(\d)\.", r".layer_norm\1."),
    (r"\.norm_final_attn\.", ".layer_norm_final_attn."),
)
"""Applied in order to each name; what none matches keeps its name."""


def recognises(keys: Collection[str]) -> bool:
    """Whether entries of these names are those of a whole SAM without memory, in either form."""
    names = set(keys)
    videos = any(name.startswith("memory_encoder.") for name in names)
    return not videos and (names >= AUTHORS_MARKS or names >= LIBRARY_MARKS)


def library_name(name: str) -> str:
    """The library's name of an entry of the authors' checkpoints."""
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


def in_library(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by the library's names, whichever of the two they came with."""
    if set(tensors) >= LIBRARY_MARKS:
        renamed = dict(tensors)
    else:
        renamed = {library_name(name): tensor for name, tensor in tensors.items()}
    # one matrix under two names, which files hold once
    for one, other in ((IMAGE_POSITION, PROMPT_POSITION), (PROMPT_POSITION, IMAGE_POSITION)):
        if one in renamed:
            renamed.setdefault(other, renamed[one])
    return renamed
