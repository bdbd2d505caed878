"""The network beyond its published numbers."""

from dataclasses import replace

import pytest
import torch
from adapter_network import SMALL, small_network

CROP = torch.randn(1, 1, 64, 64, 64, generator=torch.Generator().manual_seed(4))
CLICKS = torch.tensor([[30.0, 20, 40], [50, 10, 8]])


@pytest.fixture(scope="module")
def encoded():
    with torch.inference_mode():
        return small_network().encode(CROP)


def test_points_are_not_changed_by_asking(encoded):
    clicks = CLICKS.clone()
    small_network().decode(encoded, clicks)
    assert torch.equal(clicks, CLICKS)


def test_the_order_of_clicks_does_not_matter(encoded):
    network = small_network()
    found = network.decode(encoded, CLICKS)
    torch.testing.assert_close(network.decode(encoded, CLICKS.flip(0)), found, rtol=0, atol=1e-5)


def test_clicks_change_the_answer(encoded):
    network = small_network()
    assert (network.decode(encoded, CLICKS) - network.decode(encoded, None)).abs().max() > 1e-3


def test_negative_points_are_positive_ones_until_trained(encoded):
    sizes = replace(SMALL, signed_points=True)
    network, plain = small_network(sizes), small_network()
    network.load_state_dict(plain.state_dict(), strict=False)
    signs = torch.tensor([True, False])
    assert not network.prompt_encoder.negative_point.any()
    assert torch.equal(network.decode(encoded, CLICKS, signs), plain.decode(encoded, CLICKS))
    network.prompt_encoder.negative_point.fill_(1.0)
    assert not torch.equal(network.decode(encoded, CLICKS, signs), plain.decode(encoded, CLICKS))


def test_an_embedding_says_its_bytes(encoded):
    assert encoded.nbytes == 4 * (16 * 32**3 + 8 * 64**3)


@pytest.mark.slow
def test_a_larger_crop_gives_logits_of_its_size():
    with torch.inference_mode():
        found = small_network()(torch.randn(1, 1, 128, 128, 128), CLICKS)
    assert found.shape == (1, 2, 128, 128, 128)


@pytest.mark.slow
def test_less_precise_numbers_give_nearly_the_same_answer(encoded):
    network = small_network()
    expected = network.decode(encoded, CLICKS)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        found = network.decode(network.encode(CROP), CLICKS).float()
    scale = (expected[:, 1] - expected[:, 0]).std()
    odds = (found - expected)[:, 1] - (found - expected)[:, 0]
    assert odds.abs().mean() < 0.1 * scale
