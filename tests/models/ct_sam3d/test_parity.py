"""The authors' weights through our importer give the authors' numbers."""

import pytest
import torch
from published_ct_sam3d import published_numbers, published_state

from voxclick.models.ct_sam3d.convert import from_published
from voxclick.models.ct_sam3d.network import Network

pytestmark = [pytest.mark.data, pytest.mark.slow]


@pytest.fixture(scope="module")
def network(parity_dir) -> Network:
    return from_published(published_state(parity_dir))


@pytest.fixture(scope="module")
def numbers(parity_dir) -> dict[str, torch.Tensor]:
    return published_numbers(parity_dir)


@pytest.fixture(scope="module")
def features(network, numbers) -> list[torch.Tensor]:
    scaled = (numbers["hu_patch_zyx"].float().clamp(-125, 225) + 125) / 350
    return network.encode(scaled[None, None])


def test_the_features_are_those_of_the_authors(features, numbers):
    for place, feature in enumerate(features):
        theirs = numbers[f"encoder_feature_{place}"]
        assert (feature - theirs).abs().max() <= 1e-4 * theirs.abs().max()


def test_the_click_maps_are_those_of_the_authors(network, numbers):
    maps = network.prompt_maps(numbers["one_click_points_xyz"], numbers["one_click_labels"])
    torch.testing.assert_close(maps, numbers["one_click_click_map"], rtol=0, atol=1e-6)


def test_the_logits_are_those_of_the_authors(network, features, numbers):
    clicks = numbers["one_click_click_map"]
    logits = network.decode(features, torch.cat([torch.zeros_like(clicks[:, :1]), clicks], dim=1))
    theirs = numbers["one_click_logits_channel0"]
    torch.testing.assert_close(logits[0, 0], theirs, rtol=0, atol=2e-4)


def test_every_published_entry_goes_back_as_it_came(network, parity_dir):
    state = published_state(parity_dir)
    ours = network.state_dict()
    assert ours.keys() == state.keys()
    entries = [key for key in ours if not key.startswith("prompt_encoder")]
    assert all(torch.equal(ours[key], state[key]) for key in entries)


def test_bfloat16_gives_nearly_the_same_mask(network, numbers):
    scaled = (numbers["hu_patch_zyx"].float().clamp(-125, 225) + 125) / 350
    clicks = numbers["one_click_click_map"]
    asked = torch.cat([torch.zeros_like(clicks[:, :1]), clicks], dim=1)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network.decode(network.encode(scaled[None, None]), asked)
    found, theirs = logits[0, 0] > 0, numbers["one_click_logits_channel0"] > 0
    assert 2 * (found & theirs).sum() / (found.sum() + theirs.sum()) >= 0.995
