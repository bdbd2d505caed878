"""Weights from elsewhere: published checkpoints, and SAM in either of its formats."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported, read_published
from voxclick.models.sam_adapter3d.encoder import Block
from voxclick.models.sam_adapter3d.history import warnings_of
from voxclick.models.sam_adapter3d.layout import USED, published_entries
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import FAMILY
from voxclick.models.sam_adapter3d.sizes import Sizes

HUGGING_FACE = (
    ("vision_encoder.", "image_encoder."),
    ("patch_embed.projection.", "patch_embed.proj."),
    (".layers.", ".blocks."),
    (".layer_norm1.", ".norm1."),
    (".layer_norm2.", ".norm2."),
)
"""What Hugging Face calls SAM's weights, and what SAM's authors do."""


def recognises(keys: Collection[str]) -> bool:
    """Whether a checkpoint with these top-level keys is one of 3DSAM-adapter."""
    return {"encoder_dict", "decoder_dict"} <= set(keys)


def from_published(checkpoint: Mapping[str, object]) -> Network:
    """The network of a published checkpoint, in float32 and ready to infer (`freeze` to train).

    Args:
        checkpoint: `encoder_dict`, `decoder_dict` and, but for the prompt-free variant,
            `feature_dict` (a list of four, of which the last is used). The masks of shifted
            windows and whatever else no computation uses may be absent.

    Raises:
        FileFormatError: If a tensor is missing or of another shape.
    """
    found = _flat(checkpoint)
    weights = {_our_name(name): tensor for name, tensor in found.items()}
    try:
        sizes = Sizes.of(weights)
    except KeyError as error:
        raise FileFormatError(
            f"a 3DSAM-adapter checkpoint must hold the weight {error}, got one without it; "
            "look whether the file is whole"
        ) from None
    wanted = {
        name: entry for name, entry in published_entries(sizes).items() if entry.ours is not None
    }
    _check(found, {name: entry.shape for name, entry in wanted.items()})
    return network_of({str(entry.ours): found[name] for name, entry in wanted.items()}, sizes)


def import_checkpoint(path: Path) -> Imported:
    """A published checkpoint (`last.pth.tar`, `best.pth.tar`) as voxclick keeps it.

    It comes without the masks, the optimizers and whatever else no computation uses, in half
    precision: 228 MB of 1.1 GB.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no such checkpoint, is cut short, or could run code.
    """
    checkpoint = read_published(path)
    network = from_published(checkpoint)
    header = {"voxclick": FAMILY, "sizes": json.dumps(network.sizes.as_dict())}
    return Imported(halved(network), header, warnings_of(checkpoint))


def network_of(weights: Mapping[str, Tensor], sizes: Sizes) -> Network:
    """A network with these weights (our names), in float32 and ready to infer.

    Raises:
        FileFormatError: If one is missing or of another shape.
    """
    with torch.device("meta"):
        network = Network(sizes)
    own = network.state_dict()
    _check(weights, {name: tensor.shape for name, tensor in own.items()})
    network.load_state_dict({name: weights[name].float() for name in own}, assign=True)
    return network.eval().requires_grad_(False)


def halved(network: Network) -> dict[str, Tensor]:
    """The network's weights in half precision."""
    return {name: tensor.detach().half() for name, tensor in network.state_dict().items()}


def from_sam(weights: Mapping[str, Tensor], sizes: Sizes | None = None) -> Network:
    """An untrained network on top of SAM's image encoder.

    New parts start as published: the depth's table of positions as the mean of the two others,
    the rest by PyTorch's defaults (seed them with `torch.manual_seed`).

    Args:
        weights: Of SAM ViT-B: `sam_vit_b_01ec64.pth`, or `SamModel` and `SamVisionModel` of
            Hugging Face. What is not of the image encoder is ignored.
        sizes: Of the new parts; what SAM settles is read off its weights.

    Raises:
        FileFormatError: If a tensor is missing or of another shape.
    """
    found = sam_encoder(weights)
    try:
        embed = found["patch_embed.proj.weight"].shape[0]
        sizes = replace(
            sizes or Sizes(bottleneck=embed // 2),
            embed=embed,
            heads=embed // found["blocks.0.attn.rel_pos_h"].shape[1],
            hidden=found["blocks.0.mlp.lin1.weight"].shape[0],
        )
    except KeyError as error:
        raise FileFormatError(
            f"SAM's image encoder must hold the weight {error}, got weights without it; give "
            "those of SAM ViT-B (sam_vit_b_01ec64.pth, or facebook/sam-vit-base)"
        ) from None
    network = Network(sizes)
    own = network.encoder.state_dict()
    wanted = {name: own[name].shape for name in sam_names(network.sizes)}
    _check(found, wanted)
    loaded = {name: found[name].to(own[name].dtype) for name in wanted}
    network.encoder.load_state_dict(loaded, strict=False)
    for block in network.encoder.blocks:
        assert isinstance(block, Block)
        block.attn.start_depth()
    return network


def sam_encoder(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of SAM's image encoder under its authors' names, without the part in front."""
    found = {}
    for name, tensor in weights.items():
        plain = name
        for theirs, original in HUGGING_FACE:
            plain = plain.replace(theirs, original)
        found[plain.removeprefix("image_encoder.")] = tensor
    return found


def sam_names(sizes: Sizes) -> list[str]:
    """Weights of the encoder that SAM settles (171 of SAM's 177), without the part in front."""
    new = ("adapter", "rel_pos_d", "lr", "depth_embed", "slice_embed", "neck_3d")
    with torch.device("meta"):
        encoder = Network(sizes).encoder
    return [name for name in encoder.state_dict() if set(name.split(".")).isdisjoint(new)]


def _flat(checkpoint: Mapping[str, object]) -> dict[str, Tensor]:
    """The tensors of a checkpoint with their dictionary in front; of the clicks' last one only."""
    parts: dict[str, object] = {
        key: checkpoint.get(key) for key in ("encoder_dict", "decoder_dict")
    }
    features = checkpoint.get("feature_dict")
    if isinstance(features, list | tuple) and features:
        parts[f"feature_dict.{USED}"] = features[-1]
    found: dict[str, Tensor] = {}
    for part, tensors in parts.items():
        if not isinstance(tensors, Mapping):
            raise FileFormatError(
                f"a 3DSAM-adapter checkpoint must hold a dictionary {part}, got one without; "
                "look whether the file is one of the published ones"
            )
        for key, tensor in tensors.items():
            if isinstance(tensor, Tensor):
                found[f"{part}.{key}"] = tensor
    return found


def _our_name(published: str) -> str:
    for theirs, ours in (
        ("encoder_dict.", "encoder."),
        ("decoder_dict.", "decoder."),
        (f"feature_dict.{USED}.", "prompt_encoder."),
    ):
        if published.startswith(theirs):
            return ours + published.removeprefix(theirs)
    return published


def _check(found: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise FileFormatError(
            f"{len(wanted)} tensors are needed, got all but {len(missing)} of them, the first "
            f"{missing[0]}; look whether the file is whole and of this version"
        )
    for name, shape in wanted.items():
        if found[name].shape != shape:
            raise FileFormatError(
                f"{name} must be {tuple(shape)}, got {tuple(found[name].shape)}; look whether the "
                "file is of this version"
            )
