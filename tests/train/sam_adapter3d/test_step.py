"""Clicks and the loss of one crop."""

import numpy as np
import pytest
import torch
from adapter_network import SMALL, small_network

from voxclick.models.sam_adapter3d.freeze import freeze
from voxclick.train.sam_adapter3d.crops import TumourCrop
from voxclick.train.sam_adapter3d.settings import TumourSettings
from voxclick.train.sam_adapter3d.step import (
    Clicks,
    TumourStep,
    dice,
    training_clicks,
    validation_clicks,
)

TRUTH = np.zeros((64, 64, 64), dtype=np.bool_)
TRUTH[20:30, 24:40, 10:50] = True


def test_ten_clicks_lie_in_the_object_and_twenty_anywhere():
    clicks = training_clicks(TRUTH, 10, 20, np.random.default_rng(0))
    assert clicks.at.shape == (30, 3)
    assert clicks.positive[:10].all()
    at = clicks.at.astype(int)
    assert (TRUTH[tuple(at.T)] == clicks.positive).all()
    assert not clicks.positive[10:].all()
    empty = training_clicks(np.zeros_like(TRUTH), 10, 20, np.random.default_rng(0))
    assert empty.at.shape == (20, 3)
    assert not empty.positive.any()


def test_validation_clicks_are_ten_in_the_object():
    for truth in (TRUTH, np.zeros_like(TRUTH)):
        clicks = validation_clicks(truth, 10, np.random.default_rng(0))
        assert clicks.at.shape == (10, 3)
        assert clicks.positive.all() == truth.any()


def test_clicks_go_in_along_depth_width_and_height():
    clicks = Clicks(np.array([[1.0, 2.0, 3.0]]), np.array([True]))
    assert clicks.dwh(torch.device("cpu")).tolist() == [[1.0, 3.0, 2.0]]


def test_dice_of_a_crop_without_the_object_is_not_known():
    logits = torch.zeros(1, 2, 4, 4, 4)
    logits[:, 1, :2] = 1.0
    truth = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    assert np.isnan(dice(logits, truth))
    truth[:, :1] = True
    assert dice(logits, truth) == pytest.approx(2 / 3)


@pytest.mark.slow
def test_a_step_gives_every_trained_weight_a_gradient_and_no_other():
    network = small_network(SMALL).train().requires_grad_(True)
    freeze(network)
    image = np.where(TRUTH, 1.0, -1.0).astype(np.float32)
    loss, measures = TumourStep(network, TumourSettings(crop=64))([TumourCrop(image, TRUTH)], 0)
    loss.backward()
    for name, weight in network.named_parameters():
        assert (weight.grad is not None) == weight.requires_grad, name
    assert 0 <= measures["dice"] <= 1
