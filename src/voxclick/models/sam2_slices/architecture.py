"""The sizes of a SAM 2, read off its weights, and transformers' configuration of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from torch import Tensor
from transformers import Sam2HieraDetConfig, Sam2VideoConfig, Sam2VisionConfig
from transformers.models.sam2_video.configuration_sam2_video import (
    Sam2VideoMaskDecoderConfig,
    Sam2VideoPromptEncoderConfig,
)

from voxclick.errors import FileFormatError, OptionError

MEMORY_WIDTH = 64
"""Channels of a memory: fixed in the library, and the same in all released weights."""

STEP = 32
"""Frames must be a multiple of so many pixels."""


@dataclass(frozen=True)
class Trunk:
    """What the weights of an image encoder do not show.

    Attributes:
        embed_dim: Channels of its first stage; they double with each stage.
        stages: Blocks of each stage.
        heads: Attention heads of the first stage; they double with each stage.
        windows: Window of each stage's attention, in tokens.
        global_blocks: Blocks whose attention has no window.
    """

    embed_dim: int
    stages: tuple[int, ...]
    heads: int
    windows: tuple[int, ...]
    global_blocks: tuple[int, ...]

    @classmethod
    def from_json(cls, text: str) -> "Trunk":
        """The trunk that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: If the text is anything else.
        """
        fields = json.loads(text)
        rows = {name: tuple(fields[name]) for name in ("stages", "windows", "global_blocks")}
        return cls(int(fields["embed_dim"]), heads=int(fields["heads"]), **rows)

    def to_json(self) -> str:
        """Its fields as text, for the header of a file of weights."""
        return json.dumps(asdict(self))


TRUNKS: dict[str, Trunk] = {
    "tiny": Trunk(96, (1, 2, 7, 2), 1, (8, 4, 14, 7), (5, 7, 9)),
    "small": Trunk(96, (1, 2, 11, 2), 1, (8, 4, 14, 7), (7, 10, 13)),
    "base-plus": Trunk(112, (2, 3, 16, 3), 2, (8, 4, 14, 7), (12, 16, 20)),
    "large": Trunk(144, (2, 6, 36, 4), 2, (8, 4, 16, 8), (23, 33, 43)),
}
"""The trunks of SAM 2 and 2.1 (arXiv 2408.00714, appendix); MedSAM2's is the tiny one."""


def trunk_of(tensors: Mapping[str, Tensor], sizes: Mapping[str, Any] | None = None) -> Trunk:
    """The trunk that these weights (by the library's names) are of.

    Args:
        tensors: The weights.
        sizes: `embed_dim`, `stages`, `global_att_blocks`, and where they are not SAM 2's usual ones
            `num_heads` and `window_spec`; None for one of the released sizes.

    Raises:
        FileFormatError: If the weights are of another size than said, or of none that is known.
    """
    embed_dim, stages = _blocks(tensors)
    released = [t for t in TRUNKS.values() if (t.embed_dim, t.stages) == (embed_dim, stages)]
    if sizes is None:
        if not released:
            raise FileFormatError(
                f"a SAM 2 must be of a released size ({', '.join(TRUNKS)}) unless its sizes are "
                f"given, got {embed_dim} channels and stages of {list(stages)} blocks; give sizes"
            )
        return released[0]
    said = (sizes.get("embed_dim", embed_dim), tuple(sizes.get("stages", stages)))
    if said != (embed_dim, stages):
        raise FileFormatError(
            f"a SAM 2 of {said[0]} channels and stages of {list(said[1])} blocks is asked for, got "
            f"weights of {embed_dim} and {list(stages)}; correct the sizes"
        )
    base = released[0] if released else Trunk(embed_dim, stages, 1, (8, 4, 14, 7), ())
    return replace(
        base,
        heads=int(sizes.get("num_heads", base.heads)),
        windows=tuple(sizes.get("window_spec", base.windows)),
        global_blocks=tuple(sizes.get("global_att_blocks", base.global_blocks)),
    )


def configuration(tensors: Mapping[str, Tensor], trunk: Trunk, image_size: int) -> Sam2VideoConfig:
    """The library's configuration of these weights for frames of `image_size` pixels squared.

    Raises:
        OptionError: If the size is no multiple of 32 from 64 up.
        FileFormatError: If the memory is not as wide as the library wants it.
    """
    check_size(image_size, STEP)
    width = shape_of(tensors, "no_memory_embedding")[-1]
    return Sam2VideoConfig(
        vision_config=_vision(tensors, trunk, image_size, width),
        prompt_encoder_config=Sam2VideoPromptEncoderConfig(
            image_size=image_size, hidden_size=width
        ),
        mask_decoder_config=Sam2VideoMaskDecoderConfig(**decoder_sizes(tensors)),
        image_size=image_size,
        memory_attention_feed_forward_hidden_size=shape_of(
            tensors, "memory_attention.layers.0.linear1.weight"
        )[0],
        **memory_sizes(tensors, image_size),
    )


def check_size(image_size: int, step: int) -> None:
    """Refuse frames whose features do not fill their windows.

    Raises:
        OptionError: If the size is no multiple of the step, or less than 64.
    """
    if image_size < 64 or image_size % step:
        raise OptionError(
            f"an image size must be a multiple of {step} from {max(64, step)} up, "
            f"got {image_size}; use 512 or 1024"
        )


def memory_sizes(tensors: Mapping[str, Tensor], image_size: int) -> dict[str, Any]:
    """What the library's configurations call the sizes of all that remembers.

    Raises:
        FileFormatError: If the memory is not as wide as the library wants it.
    """
    memories, memory_width = shape_of(tensors, "memory_temporal_positional_encoding")[::3]
    if memory_width != MEMORY_WIDTH:
        raise FileFormatError(
            f"a SAM 2 needs memories of {MEMORY_WIDTH} channels, got {memory_width}; "
            "such weights cannot be used"
        )
    width = shape_of(tensors, "no_memory_embedding")[-1]
    fuser = "memory_encoder.memory_fuser.layers.0.pointwise_conv1.weight"
    signed = "temporal_positional_encoding_projection_layer.weight" in tensors
    return {
        "num_maskmem": memories,
        "enable_occlusion_spatial_embedding": "occlusion_spatial_embedding_parameter" in tensors,
        "enable_temporal_pos_encoding_for_object_pointers": signed,
        "memory_attention_hidden_size": width,
        "memory_attention_num_layers": count(tensors, r"memory_attention\.layers\.(\d+)\."),
        "memory_attention_rope_feat_sizes": [image_size // 16, image_size // 16],
        "memory_encoder_hidden_size": width,
        "memory_encoder_output_channels": memory_width,
        "mask_downsampler_embed_dim": width,
        "memory_fuser_num_layers": count(tensors, r"memory_encoder\.memory_fuser\.layers\.(\d+)\."),
        "memory_fuser_embed_dim": width,
        "memory_fuser_intermediate_dim": shape_of(tensors, fuser)[0],
    }


def decoder_sizes(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """What the library's configurations call the sizes of the mask decoder."""
    return {
        "hidden_size": shape_of(tensors, "no_memory_embedding")[-1],
        "mlp_dim": shape_of(tensors, "mask_decoder.transformer.layers.0.mlp.proj_in.weight")[0],
        "num_hidden_layers": count(tensors, r"mask_decoder\.transformer\.layers\.(\d+)\."),
        "num_multimask_outputs": shape_of(tensors, "mask_decoder.mask_tokens.weight")[0] - 1,
        "iou_head_hidden_dim": shape_of(tensors, "mask_decoder.iou_prediction_head.proj_in.weight")[
            0
        ],
    }


def feature_sizes(image_size: int) -> list[list[int]]:
    """Rows and columns of the three levels of features that frames of this size give."""
    return [[image_size // step, image_size // step] for step in (4, 8, 16)]


def count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """How many different numbers stand in names that begin so."""
    numbers = {int(found[1]) for name in tensors if (found := re.match(pattern, name))}
    return len(numbers)


def shape_of(tensors: Mapping[str, Tensor], name: str) -> tuple[int, ...]:
    """The shape of an entry.

    Raises:
        FileFormatError: If it is not there.
    """
    if name not in tensors:
        raise FileFormatError(
            f"a SAM 2 checkpoint needs the entry that the library calls {name!r}, got "
            f"{len(tensors)} entries without it; get the file that its authors published"
        )
    return tuple(tensors[name].shape)


def _vision(
    tensors: Mapping[str, Tensor], trunk: Trunk, image_size: int, width: int
) -> Sam2VisionConfig:
    background = shape_of(tensors, "vision_encoder.backbone.pos_embed")
    channels = [trunk.embed_dim * 2**stage for stage in range(len(trunk.stages))]
    return Sam2VisionConfig(
        backbone_config=Sam2HieraDetConfig(
            image_size=[image_size, image_size],
            hidden_size=trunk.embed_dim,
            window_positional_embedding_background_size=list(background[-2:]),
            blocks_per_stage=list(trunk.stages),
            embed_dim_per_stage=channels,
            num_attention_heads_per_stage=[trunk.heads * 2**s for s in range(len(trunk.stages))],
            window_size_per_stage=list(trunk.windows),
            global_attention_blocks=list(trunk.global_blocks),
        ),
        backbone_channel_list=channels[::-1],
        backbone_feature_sizes=feature_sizes(image_size),
        fpn_hidden_size=width,
    )


def _blocks(tensors: Mapping[str, Tensor]) -> tuple[int, tuple[int, ...]]:
    """Channels of the first stage and blocks of each, from where the channels double."""
    blocks = count(tensors, r"vision_encoder\.backbone\.blocks\.(\d+)\.")
    widths = [
        shape_of(tensors, f"vision_encoder.backbone.blocks.{block}.layer_norm2.weight")[0]
        for block in range(blocks)
    ]
    return widths[0], tuple(widths.count(width) for width in dict.fromkeys(widths))
