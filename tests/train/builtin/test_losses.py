"""Losses on masks whose right answer is known."""

import pytest
import torch

from voxclick.train.builtin.losses import cross_entropy, soft_dice_loss

TRUTH = torch.zeros(1, 8, 8, 8, dtype=torch.bool)
TRUTH[:, 2:5, 2:5, 2:5] = True
EVERYWHERE = torch.ones_like(TRUTH)


def sure(mask):
    return torch.where(mask, 20.0, -20.0)


@pytest.mark.parametrize("loss", [cross_entropy, soft_dice_loss])
def test_a_right_mask_costs_nothing_and_a_wrong_one_more(loss):
    assert loss(sure(TRUTH), TRUTH, EVERYWHERE).item() == pytest.approx(0, abs=1e-4)
    assert loss(sure(~TRUTH), TRUTH, EVERYWHERE).item() > 0.9


@pytest.mark.parametrize("loss", [cross_entropy, soft_dice_loss])
def test_voxels_outside_the_volume_do_not_count(loss):
    valid = EVERYWHERE.clone()
    valid[:, 6:] = False
    wrong = sure(TRUTH)
    wrong[:, 6:] = 20.0
    assert loss(wrong, TRUTH, valid).item() == pytest.approx(0, abs=1e-4)


def test_missing_an_object_costs_twice_as_much_as_leaking_by_its_size():
    missing, leaking = sure(TRUTH), sure(TRUTH)
    missing[TRUTH] = -20.0
    leaking[:, 5:8, 2:5, 2:5] = 20.0
    costs = [cross_entropy(x, TRUTH, EVERYWHERE).item() for x in (missing, leaking)]
    assert costs[0] == pytest.approx(2 * costs[1])
