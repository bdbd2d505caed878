"""From the names in EdgeTAM's checkpoint, or the hub's copy of it, to those of the network here."""

import re
from collections.abc import Collection, Mapping

from torch import Tensor

from voxclick.models.sam2_slices.edgetam.repvit import folded
from voxclick.models.sam2_slices.names import renamed, with_both

AUTHORS_ENCODER = "image_encoder.trunk.body."
HUB_ENCODER = "vision_encoder.backbone.timm_model."
ENCODER = "vision_encoder.backbone."
FIRST = "stem.conv1.c.weight"

RENAMED: tuple[tuple[str, str], ...] = (
    (r"^vision_encoder\.backbone\.body\.", HUB_ENCODER),
    (r"^(memory_attention\.layers\.\d+)\.linear1\.", r"\1.mlp.up_proj."),
    (r"^(memory_attention\.layers\.\d+)\.linear2\.", r"\1.mlp.down_proj."),
    (r"^spatial_perceiver\.latents$", "spatial_perceiver.latents_1d"),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.norm_x\.", r"\1.layer_norm_input."),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.norm_latents\.", r"\1.layer_norm_latents."),
    (r"^(spatial_perceiver\.layers\.\d+)\.self_attn\.layer_norm\.", r"\1.layer_norm_self."),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.to_", r"\1.cross_attention."),
    (r"^(spatial_perceiver\.layers\.\d+)\.self_attn\.to_", r"\1.self_attention."),
    (r"_attention\.q\.", "_attention.q_proj."),
    (r"_attention\.out\.", "_attention.o_proj."),
    (r"^(spatial_perceiver\.layers\.\d+\.(?:self_)?)ff\.0\.", r"\1mlp.layer_norm."),
    (r"^(spatial_perceiver\.layers\.\d+\.(?:self_)?)ff\.1\.", r"\1mlp.up_proj."),
    (r"^(spatial_perceiver\.layers\.\d+\.(?:self_)?)ff\.3\.", r"\1mlp.down_proj."),
)
"""Applied in order to what SAM 2's names became; what none matches keeps its name."""

KEYS_AND_VALUES = "_attention.kv."


def recognises(keys: Collection[str]) -> bool:
    """Whether entries of these names are those of an EdgeTAM, its authors' or the hub's."""
    return AUTHORS_ENCODER + FIRST in keys or HUB_ENCODER + FIRST in keys


def hub_name(name: str) -> str:
    """The hub's name of an entry that has SAM 2's name in the library, but for keys and values."""
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


def in_network(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by the network's names, the image encoder's folded.

    Raises:
        FileFormatError: If the four point embeddings are not all there, or a batch normalisation
            is not whole.
    """
    held = dict(tensors) if HUB_ENCODER + FIRST in tensors else _in_hub(tensors)
    encoder = {
        name.removeprefix(HUB_ENCODER): held.pop(name)
        for name in list(held)
        if name.startswith(HUB_ENCODER)
    }
    found = {ENCODER + name: entry for name, entry in folded(encoder).items()}
    return with_both({**held, **found})


def _in_hub(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for library_name, entry in renamed(tensors).items():
        name = hub_name(library_name)
        if KEYS_AND_VALUES in name:
            # the authors hold keys and values in one matrix
            for part, half in zip(("k_proj", "v_proj"), entry.chunk(2), strict=True):
                found[name.replace(KEYS_AND_VALUES, f"_attention.{part}.")] = half
        else:
            found[name] = entry
    return found
