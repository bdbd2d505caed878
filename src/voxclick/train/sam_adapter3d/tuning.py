"""What learns in SAM's blocks: the published adapters, or one of two alternatives to compare with.

Both alternatives are the published network with something held still, so that their weights load
as any others. A plain adapter (Houlsby et al., ICML 2019) is the published one whose convolution
passes each token on as it is: it sees no neighbours. `peft` has no such adapters for modules of
one's own. With low-rank changes (Hu et al., ICLR 2022; through `peft`) the adapters add nothing at
all, and what was learnt is added to the attention's weights where they are written.
"""

from collections.abc import Mapping

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from voxclick.models.sam_adapter3d.encoder import Adapter
from voxclick.models.sam_adapter3d.freeze import is_trained
from voxclick.models.sam_adapter3d.network import Network
from voxclick.train.sam_adapter3d.settings import TumourSettings

ATTENTION = r"blocks\.\d+\.attn\.(qkv|proj)"
"""The weights that low-rank changes are added to."""

LORA, BASE = ".lora_A.default.weight", ".base_layer."


def tune(network: Network, settings: TumourSettings) -> None:
    """Let a network learn as the settings say, and hold all else still."""
    if settings.tuning == "lora":
        low_rank = LoraConfig(r=settings.rank, lora_alpha=settings.rank, target_modules=ATTENTION)
        inject_adapter_in_model(low_rank, network.encoder)
    for adapter in _adapters(network):
        if settings.tuning == "plain-adapter":
            pass_on(adapter)
        elif settings.tuning == "lora":
            add_nothing(adapter)
    still = {"adapter": (), "plain-adapter": (".adapter.conv.",), "lora": (".adapter.",)}
    for name, weight in network.named_parameters():
        learns = is_trained(name) or ".lora_" in name
        held = any(part in name for part in still[settings.tuning])
        weight.requires_grad_(learns and not held)


@torch.no_grad()
def pass_on(adapter: Adapter) -> None:
    """Let an adapter's convolution give each voxel its own value."""
    adapter.conv.weight.zero_()
    adapter.conv.weight[:, :, 1, 1, 1] = 1.0
    assert adapter.conv.bias is not None
    adapter.conv.bias.zero_()


@torch.no_grad()
def add_nothing(adapter: Adapter) -> None:
    """Let an adapter add nothing to its tokens."""
    adapter.linear2.weight.zero_()
    adapter.linear2.bias.zero_()


def merged(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Weights by the names of a network without low-rank changes, these added where they belong.

    Args:
        weights: Of the network's state dict.
        network: The network, for the strength of its changes.
    """
    strengths = {
        name: module.scaling["default"]
        for name, module in network.named_modules()
        if isinstance(getattr(module, "scaling", None), dict)
    }
    plain = {
        name.replace(BASE, "."): value.clone()
        for name, value in weights.items()
        if ".lora_" not in name
    }
    for name, strength in strengths.items():
        narrow = weights[f"{name}{LORA}"]
        wide = weights[f"{name}{LORA.replace('_A.', '_B.')}"]
        plain[f"{name}.weight"] += strength * (wide @ narrow)
    return plain


def _adapters(network: Network) -> list[Adapter]:
    return [module for module in network.encoder.modules() if isinstance(module, Adapter)]
