"""The sizes of an EdgeTAM, read off its weights, and transformers' configuration of them."""

from collections.abc import Mapping
from math import isqrt, lcm

from torch import Tensor
from transformers import (
    EdgeTamVideoConfig,
    EdgeTamVideoMaskDecoderConfig,
    EdgeTamVideoPromptEncoderConfig,
    EdgeTamVisionConfig,
)

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices.architecture import (
    check_size,
    count,
    decoder_sizes,
    feature_sizes,
    memory_sizes,
    shape_of,
)
from voxclick.models.sam2_slices.edgetam.repvit import RepVitConfig

STAGES = r"vision_encoder\.backbone\.stages"


def image_step(tensors: Mapping[str, Tensor]) -> int:
    """Frames must be a multiple of so many pixels: each token of a memory's grid has its window.

    Raises:
        FileFormatError: If the grid is no square.
    """
    return lcm(32, 16 * _grid(tensors))


def configuration(tensors: Mapping[str, Tensor], image_size: int) -> EdgeTamVideoConfig:
    """The library's configuration of these weights (by the network's names).

    Args:
        tensors: The weights.
        image_size: Pixels of the square frames.

    Raises:
        OptionError: If the size is no multiple of `image_step`.
        FileFormatError: If the weights are of no EdgeTAM.
    """
    check_size(image_size, image_step(tensors))
    width, grid = shape_of(tensors, "no_memory_embedding")[-1], _grid(tensors)
    return EdgeTamVideoConfig(
        vision_config=_vision(tensors, image_size, width),
        prompt_encoder_config=EdgeTamVideoPromptEncoderConfig(
            image_size=image_size, hidden_size=width
        ),
        mask_decoder_config=EdgeTamVideoMaskDecoderConfig(**decoder_sizes(tensors)),
        image_size=image_size,
        memory_attention_mlp_hidden_size=shape_of(
            tensors, "memory_attention.layers.0.mlp.up_proj.weight"
        )[0],
        memory_attention_rope_k_sizes=[grid, grid],
        perceiver_resampler_num_latents=shape_of(tensors, "spatial_perceiver.latents_1d")[0],
        perceiver_resampler_num_latents_2d=grid * grid,
        perceiver_resampler_mlp_intermediate_size=shape_of(
            tensors, "spatial_perceiver.layers.0.mlp.up_proj.weight"
        )[0],
        perceiver_resampler_num_layers=count(tensors, r"spatial_perceiver\.layers\.(\d+)\."),
        **memory_sizes(tensors, image_size),
    )


def _vision(tensors: Mapping[str, Tensor], image_size: int, width: int) -> EdgeTamVisionConfig:
    stages = range(count(tensors, rf"{STAGES}\.(\d+)\."))
    root = "vision_encoder.backbone.stages"
    channels = [
        shape_of(tensors, f"{root}.{stage}.blocks.0.token_mixer.weight")[0] for stage in stages
    ]
    blocks = [count(tensors, rf"{STAGES}\.{stage}\.blocks\.(\d+)\.") for stage in stages]
    return EdgeTamVisionConfig(
        backbone_config=RepVitConfig(channels=tuple(channels), blocks=tuple(blocks)),
        backbone_channel_list=channels[::-1],
        backbone_feature_sizes=feature_sizes(image_size),
        fpn_hidden_size=width,
    )


def _grid(tensors: Mapping[str, Tensor]) -> int:
    tokens = shape_of(tensors, "spatial_perceiver.latents_2d")[0]
    if isqrt(tokens) ** 2 != tokens:
        raise FileFormatError(
            f"an EdgeTAM needs memories with a square grid of tokens, got {tokens} tokens; "
            "such weights cannot be used"
        )
    return isqrt(tokens)
