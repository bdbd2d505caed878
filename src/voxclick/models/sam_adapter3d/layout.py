"""What the published checkpoints hold, name by name, and what of it our network uses."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from voxclick.models.sam_adapter3d.attention import WINDOW, shift_mask
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import BLOCKS, TOKENS, Sizes

DICTIONARIES = {"encoder": "encoder_dict", "decoder": "decoder_dict"}
USED = 3
"""The only one of the four published prompt encoders that is ever asked."""

ASKED, NEVER_ASKED = "cross_attn_image_to_token", "cross_attn_token_to_image"
FOURIER = "positional_encoding_gaussian_matrix"


@dataclass(frozen=True)
class Entry:
    """One tensor of a published checkpoint.

    Attributes:
        shape: Its shape.
        ours: Its name in our network; None where nothing computes with it.
        parameter: Whether it is a parameter; else a buffer.
    """

    shape: torch.Size
    ours: str | None
    parameter: bool = True


def published_name(name: str, prompt_encoder: int = USED) -> str:
    """What a published checkpoint calls a weight of ours, with its dictionary in front."""
    part, key = name.split(".", 1)
    return f"{DICTIONARIES.get(part, f'feature_dict.{prompt_encoder}')}.{key}"


def published_entries(sizes: Sizes, prompt_encoders: int = 4) -> dict[str, Entry]:
    """All that a published checkpoint holds, by dictionary and key.

    Args:
        sizes: Of the network.
        prompt_encoders: How many it holds; the last of them is the one in use.
    """
    with torch.device("meta"):
        network = Network(replace(sizes, signed_points=False))
    entries: dict[str, Entry] = {}
    for name, weight in network.named_parameters():
        if not name.startswith("prompt_encoder."):
            entries[published_name(name)] = Entry(weight.shape, name)
            continue
        for index in range(USED + 1 - prompt_encoders, USED + 1):
            ours = name if index == USED else None
            published = published_name(name, index)
            entries[published] = Entry(weight.shape, ours)
            if ASKED in name:
                entries[published.replace(ASKED, NEVER_ASKED)] = Entry(weight.shape, None)
            matrix = torch.Size((3, sizes.neck // 2))
            entries[f"feature_dict.{index}.{FOURIER}"] = Entry(matrix, None, parameter=False)
    windows = torch.Size(((TOKENS // WINDOW) ** 3, WINDOW**3, WINDOW**3))
    for block in range(0, BLOCKS, 2):
        entries[f"encoder_dict.blocks.{block}.attn_mask"] = Entry(windows, None, parameter=False)
    return entries


def to_published(network: Network) -> dict[str, object]:
    """The network as a checkpoint that the authors' code loads strictly.

    What no computation uses is filled: other prompt encoders with copies of the one in use, the
    rest with zeros, the masks of shifted windows by their closed form.

    Args:
        network: Without signed points, which the authors' code does not know.
    """
    weights = network.state_dict()
    mask = shift_mask()
    parts: dict[str, dict[str, Tensor]] = {}
    for name, entry in sorted(published_entries(network.sizes).items()):
        dictionary, key = _split(name)
        if name.endswith(".attn_mask"):
            tensor = mask
        elif entry.ours is not None:
            tensor = weights[entry.ours]
        else:
            tensor = weights.get(f"prompt_encoder.{key}", torch.zeros(entry.shape))
        parts.setdefault(dictionary, {})[key] = tensor.detach().cpu().float()
    features = [parts.pop(f"feature_dict.{index}") for index in range(4) if network.sizes.prompted]
    checkpoint: dict[str, object] = {"epoch": 0, "best_val_loss": 1.0, **parts}
    return {**checkpoint, "feature_dict": features} if features else checkpoint


def _split(name: str) -> tuple[str, str]:
    """Dictionary and key; the feature dictionaries have their number in front of the key."""
    words = name.split(".")
    first = 2 if words[0] == "feature_dict" else 1
    return ".".join(words[:first]), ".".join(words[first:])
