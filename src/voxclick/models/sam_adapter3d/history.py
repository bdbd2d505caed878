"""What a published checkpoint tells of the version of the code that made it.

Code and checkpoints changed until August 2023 without a version number. Some of it shows in a
file; what does not is said each time.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from voxclick.models.sam_adapter3d.attention import shift_mask

UNSEEN = (
    "whether this file was made before 10 July 2023, when features were joined in another order, "
    "does not show in it: if it finds nothing on its own data set, get the file published since "
    "19 August 2023"
)
"""Said of every checkpoint with prompts."""


def warnings_of(checkpoint: Mapping[str, Any]) -> tuple[str, ...]:
    """What is odd about a checkpoint, a sentence each; nothing of the prompt-free variant."""
    told: list[str] = []
    features = checkpoint.get("feature_dict")
    if isinstance(features, list) and features:
        if _untouched(features[-1]) and not all(map(_untouched, features)):
            told.append(
                "the last prompt encoder was never trained and another was: the file is of a "
                "version that this network cannot reproduce"
            )
        told.append(UNSEEN)
    first, last = (_first_rate(checkpoint.get(key)) for key in ("encoder_opt", "decoder_opt"))
    if first is not None and last is not None and first > 1.5 * last:
        told.append(
            f"its encoder trained at {first:g} and its decoder at {last:g}: the file is of the "
            "earliest version, which joined the features in another order"
        )
    mask = checkpoint["encoder_dict"].get("blocks.0.attn_mask")
    if isinstance(mask, Tensor) and not _is_ours(mask):
        told.append("its windows are shifted in another way than those of the published code")
    return tuple(told)


def _untouched(encoder: Mapping[str, Tensor]) -> bool:
    """Whether no norm ever left where it starts."""
    norms = [(key, value) for key, value in encoder.items() if ".norm" in key]
    return bool(norms) and all(
        torch.equal(value, torch.full_like(value, float(key.endswith("weight"))))
        for key, value in norms
    )


def _first_rate(optimizer: Any) -> float | None:
    """The learning rate that an optimizer started with."""
    try:
        return float(optimizer["param_groups"][0]["initial_lr"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _is_ours(mask: Tensor) -> bool:
    ours = shift_mask()
    return mask.shape == ours.shape and torch.equal(mask.float(), ours)
