"""Clips that are played: prompts, corrections, slices from memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from voxclick.train.sam2_slices.clips import ClipSample
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.sam2_slices.start import freeze, new
from voxclick.train.sam2_slices.step import ClipFeedback, planned

TINY = ClipSettings(
    image_size=64,
    embed=8,
    stages=(1, 1, 2, 1),
    global_blocks=(3,),
    width=64,
    feed_forward=64,
    decoder_feed_forward=64,
    slices=3,
    corrections=1,
    autocast="no",
)


def sample(objects=1):
    truth = np.zeros((objects, 3, 64, 64), dtype=np.bool_)
    for number in range(objects):
        for index in range(3):
            at = 12 + 24 * number + 2 * index
            truth[number, index, at : at + 18, 20:40] = True
    slices = (60 + 120 * truth.any(axis=0)).astype(np.uint8)
    return ClipSample(slices, truth)


def feedback(settings=TINY):
    torch.manual_seed(0)
    network = new(settings)
    freeze(network, settings.parts)
    return ClipFeedback(network.train(), settings)


def test_the_first_slice_is_prompted_and_one_at_least_is_left_to_memory():
    shown = np.array([True, False, True, True])
    for seed in range(50):
        plan = planned(shown, ClipSettings(), np.random.default_rng(seed))
        assert plan.prompted[0] == 0
        assert len(plan.prompted) <= 2
        assert shown[list(plan.prompted)].all()
        assert not plan.corrected or set(plan.prompted) <= set(plan.corrected)
        assert len(plan.corrected) <= 2
        assert plan.masked == (not plan.corrected)


def test_a_clip_of_one_slice_is_prompted_by_box_or_click():
    for seed in range(10):
        plan = planned(np.array([True]), ClipSettings(masked=1.0), np.random.default_rng(seed))
        assert (plan.prompted, plan.masked) == ((0,), False)


@pytest.mark.slow
def test_every_answer_has_a_loss_and_a_mask_that_is_given_has_none():
    boxes = feedback(replace(TINY, masked=0.0, prompted=1, corrected=1))
    one = sample()
    played = boxes.play(one, 0, boxes.encode(one), np.random.default_rng(0))
    assert len(played.tracked) == 2
    assert len(played.prompted) == len(played.corrected) == 1
    assert len(played.losses) in (3, 4)
    masks = feedback(replace(TINY, masked=1.0, prompted=1))
    played = masks.play(one, 0, masks.encode(one), np.random.default_rng(0))
    assert (len(played.losses), len(played.prompted)) == (2, 0)


@pytest.mark.slow
def test_the_loss_of_a_clip_falls_and_what_is_frozen_gets_no_gradient():
    step = feedback(replace(TINY, masked=0.0, prompted=1, corrected=1, box_noise=0.0))
    before = {name: value.clone() for name, value in step.network.state_dict().items()}
    trained = [each for each in step.network.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=2e-3)
    losses = []
    for _ in range(25):
        torch.manual_seed(0)
        loss, _ = step([sample()], seed=0)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    for name, parameter in step.network.named_parameters():
        if name.startswith(("vision_encoder", "prompt_encoder")):
            assert parameter.grad is None
            assert torch.equal(parameter, before[name])


@pytest.mark.slow
def test_memory_learns_from_the_slices_that_follow():
    step = feedback(replace(TINY, masked=1.0, prompted=1))
    loss, measures = step([sample(objects=2)], seed=1)
    loss.backward()
    for part in ("memory_attention", "memory_encoder", "object_pointer_proj"):
        gradients = [each.grad for each in getattr(step.network, part).parameters()]
        assert any(each is not None and each.abs().sum() > 0 for each in gradients)
    assert np.isfinite(measures["dice_tracked"])
    assert np.isnan(measures["dice_prompted"])
