"""The sizes of a SAM, read off its weights."""

from collections.abc import Mapping

from torch import Tensor
from transformers import SamConfig

from voxclick.errors import FileFormatError

HEADS = 8
"""Attention heads of the mask decoder: the only size that weights do not tell."""


def configuration(tensors: Mapping[str, Tensor]) -> SamConfig:
    """The library's configuration of a network with these weights, in the library's names.

    Raises:
        FileFormatError: If an entry is missing that says how large the network is.
    """
    try:
        return _configuration({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    except KeyError as error:
        raise FileFormatError(
            f"a SAM checkpoint needs the entry {error}, got {len(tensors)} entries without it; "
            "get the file that its authors published"
        ) from None


def _configuration(shapes: Mapping[str, tuple[int, ...]]) -> SamConfig:
    tokens, hidden = shapes["vision_encoder.pos_embed"][2:]
    patch = shapes["vision_encoder.patch_embed.projection.weight"][-1]
    blocks = _count(shapes, "vision_encoder.layers")
    relative = [shapes[f"vision_encoder.layers.{n}.attn.rel_pos_h"] for n in range(blocks)]
    windowed = [length for length, _ in relative if length != 2 * tokens - 1]
    width = shapes["prompt_encoder.no_mask_embed.weight"][1]
    return SamConfig(
        vision_config={
            "hidden_size": hidden,
            "num_hidden_layers": blocks,
            "num_attention_heads": hidden // relative[0][1],
            "mlp_dim": shapes["vision_encoder.layers.0.mlp.lin1.weight"][0],
            "image_size": tokens * patch,
            "patch_size": patch,
            "window_size": (windowed[0] + 1) // 2 if windowed else tokens,
            "global_attn_indexes": [
                n for n, (length, _) in enumerate(relative) if length == 2 * tokens - 1
            ],
            "output_channels": shapes["vision_encoder.neck.conv1.weight"][0],
            "num_pos_feats": shapes["shared_image_embedding.positional_embedding"][1],
        },
        prompt_encoder_config={
            "hidden_size": width,
            "image_size": tokens * patch,
            "patch_size": patch,
            "mask_input_channels": shapes["prompt_encoder.mask_embed.conv2.weight"][0],
        },
        mask_decoder_config={
            "hidden_size": width,
            "mlp_dim": shapes["mask_decoder.transformer.layers.0.mlp.lin1.weight"][0],
            "num_hidden_layers": _count(shapes, "mask_decoder.transformer.layers"),
            "num_attention_heads": HEADS,
            "attention_downsample_rate": width
            // shapes["mask_decoder.transformer.final_attn_token_to_image.q_proj.weight"][0],
            "num_multimask_outputs": shapes["mask_decoder.mask_tokens.weight"][0] - 1,
            "iou_head_depth": 2 + _count(shapes, "mask_decoder.iou_prediction_head.layers"),
            "iou_head_hidden_dim": shapes["mask_decoder.iou_prediction_head.proj_in.weight"][0],
        },
    )


def _count(shapes: Mapping[str, tuple[int, ...]], root: str) -> int:
    """How many entries of a list there are below a name."""
    return len({name[len(root) :].split(".")[1] for name in shapes if name.startswith(f"{root}.")})
