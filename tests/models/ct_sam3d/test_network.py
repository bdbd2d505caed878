from dataclasses import replace

import numpy as np
import pytest
import torch
from published_ct_sam3d import SMALL, lively

from voxclick.models.ct_sam3d.losses import heat_loss, mask_loss
from voxclick.models.ct_sam3d.network import Network


def image(batch: int = 1, size: int = 64) -> torch.Tensor:
    return torch.rand(batch, 1, size, size, size, generator=torch.Generator().manual_seed(1))


def prompts(network: Network, batch: int = 1, previous: bool = False) -> torch.Tensor:
    points = torch.tensor([[[30, 20, 40], [10, 50, 22]]] * batch)
    labels = torch.tensor([[1, 0]] * batch)
    before = image(batch) if previous else torch.zeros(batch, 1, 64, 64, 64)
    return torch.cat([before, network.prompt_maps(points, labels)], dim=1)


def test_features_come_at_four_scales():
    features = lively().encode(image(2))
    assert [tuple(feature.shape) for feature in features] == [
        (2, 16, 16, 16, 16),
        (2, 16, 8, 8, 8),
        (2, 16, 4, 4, 4),
        (2, 32, 2, 2, 2),
    ]


def test_one_set_of_clicks_needs_no_batch():
    network = lively()
    points, labels = torch.tensor([[30, 20, 40], [10, 50, 22]]), torch.tensor([1, 0])
    single = network.prompt_maps(points, labels)
    assert single.shape == (1, 2, 64, 64, 64)
    assert torch.equal(single, network.prompt_maps(points[None], labels[None]))


def test_the_rule_for_clicks_is_that_of_the_sizes():
    near = torch.tensor([[30, 30, 30], [34, 30, 30]]), torch.tensor([1, 1])
    published, maximum = (
        lively(replace(SMALL, prompt_rule=rule)).prompt_maps(*near)
        for rule in ("published", "maximum")
    )
    assert published[0, 0, 30, 30, 30] < 1
    assert maximum[0, 0, 30, 30, 30] == 1


@pytest.mark.slow
def test_a_sample_in_a_batch_gets_what_it_gets_alone():
    network = lively()
    asked = prompts(network, 2, previous=True)
    features = network.encode(image(2))
    together = network.decode(features, asked)
    for sample in range(2):
        alone = network.decode([f[sample : sample + 1] for f in features], asked[sample][None])
        torch.testing.assert_close(together[sample][None], alone, rtol=1e-3, atol=1e-4)


def test_the_cross_patch_network_tells_two_patches_apart():
    network = lively()
    here, there = image(), image().flip(2)
    heat = network.cross_patch(here, (here > 0.5).float(), there)
    assert heat.shape == here.shape
    assert not torch.allclose(heat, network.cross_patch(there, (here > 0.5).float(), here))


def test_an_untrained_network_is_the_same_for_the_same_seed():
    one, same, other = (Network.untrained(SMALL, seed).state_dict() for seed in (1, 1, 2))
    key = "mask_decoder.spade5.conv_0.weight"
    assert torch.equal(one[key], same[key])
    assert not torch.equal(one[key], other[key])
    assert 0.01 < float(one[key].std()) < 0.03
    assert not one["mask_decoder.spade5.conv_0.bias"].any()


@pytest.mark.slow
def test_training_moves_every_weight_and_the_running_statistics():
    network = lively().train().requires_grad_(True)
    norm = network.image_encoder.stem.proj[1]
    before, counted = norm.running_mean.clone(), int(norm.num_batches_tracked)
    truth = (image(2) > 0.5).float()
    found = network(image(2), prompts(network, 2, previous=True))
    heat = network.cross_patch(image(2), (found > 0.5).float().detach(), image(2).flip(0))
    (mask_loss(found, truth) + heat_loss(heat, truth)).backward()
    still = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert still == []
    assert not torch.equal(norm.running_mean, before)
    assert int(norm.num_batches_tracked) == counted + 1


def test_in_training_the_stem_normalises_by_the_batch_it_sees():
    network = lively().train()
    convolution, norm = network.image_encoder.stem.proj[0], network.image_encoder.stem.proj[1]
    seen = convolution(image(2)).double().numpy()
    mean, kept = seen.mean((0, 2, 3, 4)), norm.running_mean.double().numpy().copy()
    spread = np.sqrt(seen.var((0, 2, 3, 4)) + 1e-5)
    expected = (seen - mean[None, :, None, None, None]) / spread[None, :, None, None, None]
    scale, shift = norm.weight.double().numpy(), norm.bias.double().numpy()
    expected = expected * scale[None, :, None, None, None] + shift[None, :, None, None, None]
    np.testing.assert_allclose(norm(torch.from_numpy(seen).float()), expected, atol=1e-4)
    np.testing.assert_allclose(norm.running_mean, 0.9 * kept + 0.1 * mean, atol=1e-5)


@pytest.mark.parametrize("size", [32, 96])
def test_other_sizes_go_in_as_well(size):
    network = lively()
    features = network.encode(image(1, size))
    assert features[0].shape[-1] == size // 4
    if size > 32:  # one voxel has no instance norm
        asked = torch.zeros(1, 3, size, size, size)
        assert network.decode(features, asked).shape[-1] == size
