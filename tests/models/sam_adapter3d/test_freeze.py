"""What trains is what the published recipe trains, to the last parameter."""

import pytest
import torch

from voxclick.models.sam_adapter3d.freeze import Share, freeze, is_trained, published_share
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import Sizes


def test_the_counts_are_those_of_the_published_checkpoint():
    assert published_share(Sizes()) == Share(34_954_880, 123_801_484)


def test_the_counts_with_one_prompt_encoder_are_those_of_the_paper():
    assert published_share(Sizes(), prompt_encoders=1) == Share(25_462_400, 114_309_004)


def test_what_trains_of_our_network_is_what_gets_a_gradient_in_the_published_one():
    with torch.device("meta"):
        network = Network()
    share = freeze(network)
    assert share == Share(25_198_976, 114_045_580)
    assert str(share) == "25,198,976 of 114,045,580 parameters train"


def test_each_part_counts_as_published():
    with torch.device("meta"):
        network = Network()
    freeze(network)
    trained = [
        sum(weight.numel() for weight in part.parameters() if weight.requires_grad)
        for part in (network.encoder, network.decoder)
    ]
    assert trained == [15_209_984, 7_088_256]
    assert sum(weight.numel() for weight in network.encoder.parameters()) == 104_056_588


@pytest.mark.data
def test_every_weight_trains_if_and_only_if_it_did_when_published(entries):
    for name, entry in entries.items():
        if entry["kind"] == "param":
            assert is_trained(name) == entry["trainable"], name
