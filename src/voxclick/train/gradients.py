"""Gradients that are too large, or no numbers."""

from typing import Any

import torch
from accelerate import Accelerator


def clip_each_group(accelerator: Accelerator, optimiser: Any, most: float) -> bool:
    """Cut the gradients of each parameter group to its own norm.

    Args:
        accelerator: Undoes what it scaled before.
        optimiser: Its groups may have a `clip` of their own.
        most: Norm of the groups that have none.

    Returns:
        Whether all gradients are finite.
    """
    norms = [
        accelerator.clip_grad_norm_(group["params"], group.get("clip", most))
        for group in optimiser.param_groups
    ]
    return all(bool(torch.isfinite(norm)) for norm in norms)
