import numpy as np
import pytest
import torch

from voxclick.models.ct_sam3d import losses


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    probabilities = 0.98 * torch.rand(2, 1, 5, 6, 7, generator=generator) + 0.01
    truth = (torch.rand(2, 1, 5, 6, 7, generator=generator) > 0.7).float()
    return probabilities, truth


def by_hand(probabilities, truth):
    found = []
    for p, t in zip(probabilities.double().numpy(), truth.double().numpy(), strict=True):
        entropy = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
        focal = 0.8 * (1 - np.exp(-entropy)) ** 2 * entropy
        dice = 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
        found.append((focal, dice))
    return np.array(found)


def test_each_loss_looks_at_each_sample_by_itself(pair):
    focal, dice = by_hand(*pair).T
    np.testing.assert_allclose(losses.patch_focal_loss(*pair), focal, rtol=1e-5)
    np.testing.assert_allclose(losses.dice_loss(*pair), dice, rtol=1e-5)


def test_the_mask_loss_is_the_mean_of_the_published_mix(pair):
    focal, dice = by_hand(*pair).T
    expected = (0.2 * focal + 0.8 * dice).mean()
    assert float(losses.mask_loss(*pair)) == pytest.approx(expected, rel=1e-5)


def test_an_empty_mask_that_is_found_empty_costs_nothing():
    empty = torch.zeros(1, 1, 4, 4, 4)
    assert float(losses.mask_loss(empty, empty)) == 0


def test_the_heat_loss_is_a_mean_squared_error(pair):
    heat, target = pair
    expected = ((heat - target) ** 2).mean()
    assert float(losses.heat_loss(heat, target)) == pytest.approx(float(expected))
