"""Losses whose value can be computed by hand."""

import pytest
import torch

from voxclick.models.sam_adapter3d.losses import dice_and_cross_entropy, dice_loss


def test_a_sure_and_right_answer_costs_nothing():
    truth = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    truth[0, 1:3, 1:3, 1:3] = True
    signed = 40.0 * (truth.float() - 0.5)
    logits = torch.stack([-signed, signed], dim=1)
    assert dice_and_cross_entropy(logits, truth) == pytest.approx(0, abs=1e-5)
    assert dice_loss(truth.float(), truth) == pytest.approx(0, abs=1e-5)


def test_an_answer_that_knows_nothing_costs_what_the_formula_says():
    truth = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    truth[0, :2] = True
    dice = 1 - 2 * 0.5 * 32 / (32 + 32)
    expected = 0.5 * dice + 0.5 * 0.6931472
    logits = torch.zeros(1, 2, 4, 4, 4)
    assert dice_and_cross_entropy(logits, truth) == pytest.approx(expected, abs=1e-5)


def test_nothing_found_where_nothing_is_costs_nothing():
    truth = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    logits = torch.stack([torch.full((1, 4, 4, 4), 40.0), torch.full((1, 4, 4, 4), -40.0)], dim=1)
    assert dice_and_cross_entropy(logits, truth) == pytest.approx(0, abs=1e-5)
