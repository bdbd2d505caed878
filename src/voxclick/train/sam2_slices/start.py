"""Networks to train: stored weights or new ones, and which of their parts learn."""

from collections.abc import Iterator
from pathlib import Path

from torch import nn
from transformers import Sam2HieraDetConfig, Sam2VideoConfig, Sam2VisionConfig
from transformers.models.sam2_video.configuration_sam2_video import (
    Sam2VideoMaskDecoderConfig,
    Sam2VideoPromptEncoderConfig,
)

from voxclick.models.sam2_slices.architecture import Trunk
from voxclick.models.sam2_slices.convert import from_header
from voxclick.models.sam2_slices.network import Sam2Volume, SliceNetwork
from voxclick.models.sam2_slices.plan import EDGETAM, Plan, sam2
from voxclick.models.weights import read_weights
from voxclick.train.sam2_slices.settings import ClipSettings

MODULES = {
    "vision_encoder": "image_encoder",
    "prompt_encoder": "prompt_encoder",
    "mask_decoder": "mask_decoder",
}
"""Part that the library's modules belong to; all others remember."""


def started(path: Path, image_size: int) -> SliceNetwork:
    """The network of stored weights.

    Args:
        path: A file that `voxclick fetch` or `voxclick train` wrote.
        image_size: Of the frames; the weights fit any.

    Raises:
        FileFormatError: If these are no weights of SAM 2 or EdgeTAM.
    """
    return from_header(*read_weights(path), image_size)


def new(settings: ClipSettings) -> Sam2Volume:
    """A network without training; it follows torch's global generator."""
    trunk, width, size = settings.trunk, settings.width, settings.image_size
    side = size // 16
    stages = range(len(trunk.stages))
    channels = [trunk.embed_dim * 2**stage for stage in stages]
    vision = Sam2VisionConfig(
        backbone_config=Sam2HieraDetConfig(
            image_size=[size, size],
            hidden_size=trunk.embed_dim,
            blocks_per_stage=list(trunk.stages),
            embed_dim_per_stage=channels,
            num_attention_heads_per_stage=[trunk.heads * 2**stage for stage in stages],
            window_size_per_stage=list(trunk.windows),
            global_attention_blocks=list(trunk.global_blocks),
        ),
        backbone_channel_list=channels[::-1],
        backbone_feature_sizes=[[4 * side, 4 * side], [2 * side, 2 * side], [side, side]],
        fpn_hidden_size=width,
    )
    config = Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config=Sam2VideoPromptEncoderConfig(image_size=size, hidden_size=width),
        mask_decoder_config=Sam2VideoMaskDecoderConfig(
            hidden_size=width, mlp_dim=settings.decoder_feed_forward
        ),
        image_size=size,
        memory_attention_hidden_size=width,
        memory_attention_feed_forward_hidden_size=settings.feed_forward,
        memory_attention_rope_feat_sizes=[side, side],
        memory_encoder_hidden_size=width,
        mask_downsampler_embed_dim=width,
        memory_fuser_embed_dim=width,
        memory_fuser_intermediate_dim=4 * width,
    )
    return Sam2Volume(config)


def freeze(network: SliceNetwork, parts: tuple[str, ...]) -> None:
    """Let these parts learn, and no other."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(part_of(name) in parts)


def part_of(name: str) -> str:
    """The part that a parameter belongs to."""
    return MODULES.get(name.partition(".")[0], "memory")


def plan_of(network: SliceNetwork) -> Plan:
    """How a network like this one is built around weights."""
    return sam2(trunk_of(network)) if isinstance(network, Sam2Volume) else EDGETAM


def trunk_of(network: Sam2Volume) -> Trunk:
    """The sizes of a network's image encoder, as a header tells them."""
    backbone = network.vision_encoder.config.backbone_config
    return Trunk(
        int(backbone.hidden_size),
        tuple(backbone.blocks_per_stage),
        int(backbone.num_attention_heads_per_stage[0]),
        tuple(backbone.window_size_per_stage),
        tuple(backbone.global_attention_blocks),
    )


def plain(network: SliceNetwork) -> Iterator[str]:
    """The names of parameters that no weight decay pulls: biases, and all of norms."""
    for prefix, module in network.named_modules():
        norm = isinstance(module, nn.LayerNorm) or "LayerNorm" in type(module).__name__
        for name, _ in module.named_parameters(prefix, recurse=False):
            if norm or name.endswith("bias"):
                yield name
