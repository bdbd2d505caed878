"""The loss of one answer, against numbers worked out by hand."""

import math

import pytest
import torch

from voxclick.train.sam2_slices.losses import Heard, answer_loss, dice_loss, focal_loss, overlap

TRUTH = torch.zeros(8, 8)
TRUTH[:4] = 1.0


def test_the_focal_loss_of_a_coin_is_a_quarter_of_its_weighted_entropy():
    logits = torch.zeros(1, 8, 8)
    mean_weight = 0.5 * 0.25 + 0.5 * 0.75
    assert focal_loss(logits, TRUTH[None]).item() == pytest.approx(
        mean_weight * 0.25 * math.log(2), rel=1e-5
    )


def test_dice_and_overlap_of_a_half_found_object():
    logits = torch.full((1, 8, 8), -50.0)
    logits[:, :2] = 50.0
    assert dice_loss(logits, TRUTH[None]).item() == pytest.approx(1 - 33 / 49)
    assert overlap(logits, TRUTH[None]).item() == pytest.approx(0.5)


def test_the_best_mask_alone_learns_its_shape_and_all_their_quality():
    masks = torch.stack([(2 * TRUTH - 1) * 3, torch.zeros(8, 8)]).requires_grad_(True)
    qualities = torch.full((2,), 0.3, requires_grad=True)
    answer_loss(Heard(masks, qualities, torch.tensor(0.0)), TRUTH).backward()
    assert masks.grad[0].abs().sum() > 0
    assert masks.grad[1].abs().sum() == 0
    assert (qualities.grad != 0).all()


def test_a_slice_without_the_object_teaches_presence_alone():
    masks = torch.ones(3, 8, 8, requires_grad=True)
    presence = torch.tensor(2.0, requires_grad=True)
    loss = answer_loss(Heard(masks, torch.ones(3), presence), torch.zeros(8, 8))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(1 + math.exp(2.0)))
    assert masks.grad.abs().sum() == 0
    assert presence.grad > 0
