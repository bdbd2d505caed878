"""A small network of 3DSAM-adapter whose weights need no training, and checkpoints of it."""

import torch
from torch import Tensor

from voxclick.models.sam_adapter3d.layout import published_entries
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import Sizes

SMALL = Sizes(embed=8, heads=1, hidden=16, bottleneck=4, neck=16, prompt_hidden=32, head=8)


def small_network(sizes: Sizes = SMALL, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    network = Network(sizes)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "rel_pos" in name or "embed" in name:
                weight.copy_(0.2 * torch.randn_like(weight))
    return network.eval().requires_grad_(False)


def published(network: Network, unused: bool = False) -> dict[str, object]:
    """The network as a checkpoint of its authors; without masks, and what else is not used."""
    weights = network.state_dict()
    checkpoint: dict[str, object] = {"epoch": 3}
    features: list[dict[str, Tensor]] = [{}, {}, {}, {}]
    for name, entry in published_entries(network.sizes).items():
        part, key = name.split(".", 1)
        if entry.ours is None and (not unused or "attn_mask" in key):
            continue
        tensor = weights[entry.ours] if entry.ours else torch.randn(entry.shape)
        if part == "feature_dict":
            index, key = key.split(".", 1)
            features[int(index)][key] = tensor
        else:
            held = checkpoint.setdefault(part, {})
            assert isinstance(held, dict)
            held[key] = tensor
    return {**checkpoint, "feature_dict": features} if network.sizes.prompted else checkpoint
