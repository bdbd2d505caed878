"""The fast decoder gives the plain one's numbers, whatever is asked."""

from dataclasses import replace

import pytest
import torch
from published_ct_sam3d import SMALL, lively

from voxclick.models.ct_sam3d.convert import from_published
from voxclick.models.ct_sam3d.fast.decoder import FastDecoder, prepared
from voxclick.models.ct_sam3d.network import Network

CLICKS = {
    "the middle": [(32, 32, 32, 1)],
    "elsewhere": [(20, 41, 27, 1)],
    "a corner": [(0, 63, 0, 1)],
    "outside": [(-5, 30, 66, 1)],
    "far apart, one negative": [(5, 5, 5, 1), (60, 50, 58, 0), (30, 8, 60, 1)],
    "none": [],
}


@pytest.fixture(scope="module")
def network() -> Network:
    return lively()


@pytest.fixture(scope="module")
def features(network: Network) -> list[torch.Tensor]:
    return network.encode(torch.rand(1, 1, 64, 64, 64, generator=torch.Generator().manual_seed(3)))


def before(kind: str) -> torch.Tensor:
    previous = torch.zeros(1, 1, 64, 64, 64)
    if kind == "a mask":
        previous[..., 20:44, 10:40, 30:60] = 1
    if kind == "probabilities":
        previous = torch.rand(previous.shape, generator=torch.Generator().manual_seed(4))
    return previous


def asked(network: Network, clicks: str, kind: str = "nothing") -> torch.Tensor:
    places = torch.tensor(CLICKS[clicks]).reshape(-1, 4)
    return torch.cat([before(kind), network.prompt_maps(places[:, :3], places[:, 3])], dim=1)


def check(network: Network, features: list[torch.Tensor], prompts: torch.Tensor) -> None:
    expected = network.mask_decoder(features, prompts)
    found = network.decode(features, prompts)
    torch.testing.assert_close(found, expected, rtol=0, atol=6e-5 * float(expected.std()))


@pytest.mark.parametrize("clicks", CLICKS)
def test_a_first_prompt_gets_the_same_numbers(network, features, clicks):
    check(network, features, asked(network, clicks))


@pytest.mark.parametrize("kind", ["a mask", "probabilities"])
def test_a_correction_gets_the_same_numbers(network, features, kind):
    check(network, features, asked(network, "far apart, one negative", kind))


def test_a_batch_gets_the_same_numbers(network, features):
    prompts = torch.cat([asked(network, "elsewhere"), asked(network, "the middle", "a mask")])
    check(network, [torch.cat([f, f.flip(2)]) for f in features], prompts)


@pytest.mark.slow
def test_other_sizes_get_the_same_numbers(network):
    generator = torch.Generator().manual_seed(5)
    features = network.encode(torch.rand(1, 1, 64, 96, 64, generator=generator))
    prompts = torch.zeros(1, 3, 64, 96, 64)
    prompts[:, 1, 30:40, 60:70, 20:30] = 0.5
    check(network, features, prompts)


def test_numbers_do_not_depend_on_the_count_of_threads(network, features):
    prompts = asked(network, "elsewhere", "a mask")
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = network.decode(features, prompts)
        torch.set_num_threads(2)
        torch.testing.assert_close(network.decode(features, prompts), alone, rtol=0, atol=1e-5)
    finally:
        torch.set_num_threads(threads)


def test_changed_weights_are_prepared_anew(features):
    network = lively()
    prompts = asked(network, "elsewhere")
    first = network.decode(features, prompts)
    assert prepared(network.mask_decoder) is prepared(network.mask_decoder)
    network.mask_decoder.spade5.conv_1.weight.mul_(1.5)
    assert not torch.allclose(network.decode(features, prompts), first, atol=1e-2)
    check(network, features, prompts)


def test_what_inference_mode_prepared_serves_outside_of_it(features):
    state = lively().state_dict()
    with torch.inference_mode():
        network = from_published(state, SMALL)
        prompts = asked(network, "elsewhere", "a mask")
        first = network.decode(features, prompts)
    assert torch.equal(network.decode(features, prompts), first)


def test_bfloat16_gives_nearly_the_same_mask(network, features):
    prompts = asked(network, "far apart, one negative", "a mask")
    full = network.decode(features, prompts) > 0
    for given, mixed in (([f.bfloat16() for f in features], False), (features, True)):
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            logits = network.decode(given, prompts)
        assert logits.dtype == torch.float32
        less = logits > 0
        assert 2 * (less & full).sum() / (less.sum() + full.sum()) > 0.98


def test_gradients_go_through_the_plain_decoder(network, features):
    wanted = [feature.clone().requires_grad_() for feature in features]
    network.decode(wanted, asked(network, "elsewhere")).sum().backward()
    assert all(feature.grad is not None for feature in wanted)


@pytest.mark.slow
def test_any_count_of_channels_gets_the_same_numbers():
    network = lively(replace(SMALL, fine=10, coarse=20, shared=7, last=5))
    features = network.encode(torch.rand(1, 1, 64, 64, 64))
    check(network, features, asked(network, "elsewhere", "probabilities"))


def test_without_onednn_the_numbers_are_the_same(network, features, monkeypatch):
    prompts = asked(network, "elsewhere")
    with_it = FastDecoder(network.mask_decoder)(features, prompts)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    without = FastDecoder(network.mask_decoder)(features, prompts)
    torch.testing.assert_close(without, with_it, rtol=0, atol=1e-5)
