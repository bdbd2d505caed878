"""What a published checkpoint tells of the code that made it."""

import pytest
import torch
from adapter_network import published, small_network

from voxclick.models.sam_adapter3d.attention import shift_mask
from voxclick.models.sam_adapter3d.history import UNSEEN, warnings_of


@pytest.fixture
def checkpoint():
    network = small_network()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "prompt_encoder" in name and "norm" in name:
                weight.add_(0.1)
    return published(network)


def test_what_no_file_tells_is_said_each_time(checkpoint):
    assert warnings_of(checkpoint) == (UNSEEN,)


def test_nothing_is_said_of_a_checkpoint_without_prompts(checkpoint):
    del checkpoint["feature_dict"]
    assert warnings_of(checkpoint) == ()


def test_a_last_prompt_encoder_that_never_trained_is_told(checkpoint):
    features = checkpoint["feature_dict"]
    trained = features[3]
    features[0] = dict(trained)
    features[3] = {
        key: torch.full_like(value, float(key.endswith("weight"))) if ".norm" in key else value
        for key, value in trained.items()
    }
    assert any("never trained" in told for told in warnings_of(checkpoint))


def test_the_rates_of_the_earliest_version_are_told(checkpoint):
    checkpoint["encoder_opt"] = {"param_groups": [{"initial_lr": 8e-4}]}
    checkpoint["decoder_opt"] = {"param_groups": [{"initial_lr": 4e-4}]}
    assert any("earliest version" in told for told in warnings_of(checkpoint))
    checkpoint["encoder_opt"] = {"param_groups": [{"initial_lr": 4e-4}]}
    assert warnings_of(checkpoint) == (UNSEEN,)


def test_windows_shifted_in_another_way_are_told(checkpoint):
    checkpoint["encoder_dict"]["blocks.0.attn_mask"] = shift_mask()
    assert warnings_of(checkpoint) == (UNSEEN,)
    checkpoint["encoder_dict"]["blocks.0.attn_mask"] = torch.zeros(1, 2, 2)
    assert any("windows" in told for told in warnings_of(checkpoint))
