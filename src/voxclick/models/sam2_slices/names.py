"""From the names in the authors' checkpoints to those of transformers' Sam2VideoModel."""

import re
from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from voxclick.errors import FileFormatError

LIBRARY_MARK = "vision_encoder.backbone.patch_embed.projection.weight"
AUTHORS_MARKS = frozenset(
    {
        "image_encoder.trunk.patch_embed.proj.weight",
        "sam_mask_decoder.mask_tokens.weight",
        "memory_encoder.out_proj.weight",
    }
)

PROMPT_POSITION = "prompt_encoder.shared_embedding.positional_embedding"
IMAGE_POSITION = "shared_image_embedding.positional_embedding"

RENAMED: tuple[tuple[str, str], ...] = (
    # heads of three layers, then blocks of two
    (r"(_mlps\.\d+|_head|^obj_ptr_proj)\.layers\.0\.", r"\1.proj_in."),
    (r"(_mlps\.\d+|_head|^obj_ptr_proj)\.layers\.2\.", r"\1.proj_out."),
    (r"(_mlps\.\d+|_head|^obj_ptr_proj)\.layers\.1\.", r"\1.layers.0."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"^image_encoder\.trunk\.patch_embed\.proj\.", "image_encoder.trunk.patch_embed.projection."),
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^memory_encoder\.mask_downsampler\.encoder\.12\.", "memory_encoder.mask_downsampler.last."),
    (r"^memory_encoder\.out_proj\.", "memory_encoder.projection."),
    (r"\.pix_feat_proj\.", ".feature_projection."),
    (r"^memory_encoder\.fuser\.", "memory_encoder.memory_fuser."),
    (r"\.gamma$", ".scale"),
    (r"\.dwconv\.", ".depthwise_conv."),
    (r"\.pwconv(\d)\.", r".pointwise_conv\1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.0\.", "prompt_encoder.mask_embed.conv1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.1\.", "prompt_encoder.mask_embed.layer_norm1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.3\.", "prompt_encoder.mask_embed.conv2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.4\.", "prompt_encoder.mask_embed.layer_norm2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.6\.", "prompt_encoder.mask_embed.conv3."),
    (r"^sam_prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix$", IMAGE_POSITION),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.output_upscaling\.0\.", "mask_decoder.upscale_conv1."),
    (r"^sam_mask_decoder\.output_upscaling\.1\.", "mask_decoder.upscale_layer_norm."),
    (r"^sam_mask_decoder\.output_upscaling\.3\.", "mask_decoder.upscale_conv2."),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.norm(\d?)\.", r".layer_norm\1."),
    (r"\.norm_final_attn\.", ".layer_norm_final_attn."),
    (r"^obj_ptr_proj\.", "object_pointer_proj."),
    (r"^obj_ptr_tpos_proj\.", "temporal_positional_encoding_projection_layer."),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"^no_mem_pos_enc$", "no_memory_positional_encoding"),
    (r"^maskmem_tpos_enc$", "memory_temporal_positional_encoding"),
    (r"^no_obj_ptr$", "no_object_pointer"),
    (r"^no_obj_embed_spatial$", "occlusion_spatial_embedding_parameter"),
)
"""Applied in order to each name; what none matches keeps its name."""

DOWNSAMPLER = re.compile(r"^memory_encoder\.mask_downsampler\.encoder\.(\d+)\.")
POINT_TYPES = tuple(f"sam_prompt_encoder.point_embeddings.{kind}.weight" for kind in range(4))


def recognises(keys: Collection[str]) -> bool:
    """Whether entries of these names are those of a SAM 2 with its memory, in either form."""
    return set(keys) >= AUTHORS_MARKS or in_library_names(keys)


def in_library_names(keys: Collection[str]) -> bool:
    """Whether the names are those of transformers' Sam2VideoModel."""
    return LIBRARY_MARK in keys and "memory_encoder.projection.weight" in keys


def library_name(name: str) -> str:
    """The library's name of an entry of the authors' checkpoints."""
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    name = name.replace(".mask_downsampler.last.", ".mask_downsampler.final_conv.")
    if found := DOWNSAMPLER.match(name):
        # three entries a level in the authors' list: convolution, norm, activation
        level, place = divmod(int(found[1]), 3)
        part = ("conv", "layer_norm", "activation")[place]
        name = f"memory_encoder.mask_downsampler.layers.{level}.{part}.{name[found.end() :]}"
    return name


def in_library(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by the library's names, whichever of the two they came with.

    Raises:
        FileFormatError: If the four point embeddings are not all there.
    """
    return with_both(tensors if in_library_names(tensors) else renamed(tensors))


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' tensors by the library's names.

    Raises:
        FileFormatError: If the four point embeddings are not all there.
    """
    missing = [name for name in POINT_TYPES if name not in tensors]
    if missing:
        raise FileFormatError(
            f"a SAM 2 checkpoint needs the entry {missing[0]!r}, got {len(tensors)} entries "
            "without it; get the file that its authors published"
        )
    named = {library_name(n): t for n, t in tensors.items() if n not in POINT_TYPES}
    named["prompt_encoder.point_embed.weight"] = torch.cat([tensors[n] for n in POINT_TYPES])
    return named


def with_both(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the one matrix that has two names under both; files hold it once."""
    found = dict(tensors)
    for one, other in ((IMAGE_POSITION, PROMPT_POSITION), (PROMPT_POSITION, IMAGE_POSITION)):
        if one in found:
            found.setdefault(other, found[one])
    return found
