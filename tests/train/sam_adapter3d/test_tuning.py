"""What learns, and how low-rank changes are written."""

import pytest
import torch
from adapter_network import SMALL, small_network

from voxclick.models.sam_adapter3d.freeze import is_trained
from voxclick.models.sam_adapter3d.network import Network
from voxclick.train.parts import trained_parts
from voxclick.train.sam_adapter3d.settings import TumourSettings
from voxclick.train.sam_adapter3d.tuning import merged, tune


def tuned(tuning, network=None):
    network = small_network() if network is None else network
    tune(network, TumourSettings(tuning=tuning, rank=2))
    return network


def test_the_published_parts_train_to_the_last_parameter():
    with torch.device("meta"):
        network = tuned("adapter", Network())
    parts = {part.name: part.trained for part in trained_parts(network)}
    assert (parts["encoder"], parts["decoder"]) == (15_209_984, 7_088_256)
    assert sum(parts.values()) == 25_198_976


def test_plain_adapters_see_no_neighbours_and_stay_so():
    network = tuned("plain-adapter")
    adapter = network.encoder.blocks[3].adapter
    tokens = torch.randn(1, 4, 4, 4, SMALL.embed)
    moved = tokens.clone()
    moved[0, 0, 0, 0] += 10.0
    changed = (adapter(moved) != adapter(tokens)).any(dim=-1)
    assert changed.sum() == 1
    assert not any(weight.requires_grad for weight in adapter.conv.parameters())
    assert adapter.linear1.weight.requires_grad


def test_low_rank_changes_begin_as_nothing_and_adapters_with_them():
    network = tuned("lora")
    adapter = network.encoder.blocks[0].adapter
    tokens = torch.randn(1, 4, 4, 4, SMALL.embed)
    assert torch.equal(adapter(tokens), tokens)
    trained = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert sum("lora_" in name for name in trained) == 12 * 2 * 2
    assert not any(".adapter." in name or ".base_layer." in name for name in trained)
    rest = {name for name in trained if "lora_" not in name}
    assert rest == {n for n, _ in small_network().named_parameters() if is_trained(n)} - {
        name for name, _ in small_network().named_parameters() if ".adapter." in name
    }


def test_low_rank_changes_are_added_to_the_weights_that_are_written():
    network = tuned("lora")
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "lora_" in name:
                weight.copy_(torch.randn_like(weight))
    plain = Network(SMALL)
    plain.load_state_dict(merged(network.state_dict(), network))
    tokens = torch.randn(2, 8, SMALL.embed)
    ours, theirs = (each.encoder.blocks[5].attn.qkv(tokens) for each in (plain, network))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("tuning", ["adapter", "plain-adapter"])
def test_other_weights_are_written_as_they_are(tuning):
    network = tuned(tuning)
    written = merged(network.state_dict(), network)
    assert written.keys() == network.state_dict().keys()
    assert all(torch.equal(written[name], value) for name, value in network.state_dict().items())
