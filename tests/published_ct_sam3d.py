"""CT-SAM3D as its authors' code computed it, and small networks of the same form."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.sizes import Sizes

SMALL = Sizes(
    embed=(16, 16, 32, 32),
    depths=(1, 1, 1, 1),
    heads=(1, 2, 2, 4),
    fine=16,
    coarse=32,
    shared=16,
    last=8,
    cross_patch=(4, 8, 8, 16),
)
"""Small enough for a test, with everything that the published size has."""


def lively(sizes: Sizes = SMALL, seed: int = 0) -> Network:
    """A network of random weights whose answers depend on everything that goes in."""
    network = Network(sizes).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, values in network.state_dict().items():
        if not values.is_floating_point():
            continue
        drawn = torch.randn(values.shape, generator=generator)
        if name.endswith("running_var"):
            values.copy_(torch.exp(0.3 * drawn))
        elif values.dim() > 1:
            fan_in = values.shape[0] if "upscale" in name else values[0].numel()
            values.copy_((3 if "mlp_shared" in name else 1) * drawn / fan_in**0.5)
        else:
            values.copy_(0.2 * drawn + (1.0 if name.endswith(".weight") else 0.0))
    return network


def published_state(parity: Path) -> dict[str, Tensor]:
    """The weights that the authors' network was filled with."""
    shapes = json.loads((parity / "ct_sam3d_shapes.json").read_text())
    rule = _rule(parity).ct_sam3d({key: tuple(shape) for key, shape in shapes.items()})
    return {key: torch.from_numpy(values) for key, values in rule.items()}


def published_numbers(parity: Path) -> dict[str, Tensor]:
    """What went into the authors' network, and what came out."""
    with np.load(parity / "ct_sam3d.npz") as stored:
        return {key: torch.from_numpy(stored[key]) for key in stored.files}


def _rule(parity: Path) -> Any:
    found = importlib.util.spec_from_file_location("parity_rule", parity / "rule.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
