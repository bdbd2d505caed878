"""Rounds of prompts, and what the network learns from them."""

import numpy as np
import pytest
import torch

from voxclick.models.builtin.network import Network, Widths
from voxclick.train.builtin.prompting import coarse_mask
from voxclick.train.builtin.samples import Samples
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.builtin.step import ClickLoop

SMALL = Widths(levels=(16, 16, 16, 16))


@pytest.fixture(scope="module")
def samples(data_dir):
    """Patches of real hippocampi, with objects that are prompted twice."""
    config = BuiltinSettings(
        patch=(32,),
        targets=2,
        real=1.0,
        painted=0.0,
        rounds=(0.0, 1.0),
        include=("msd_hippocampus",),
    )
    return Samples(config, data_dir)


@pytest.mark.slow
@pytest.mark.data
def test_a_network_learns_a_real_patch(samples):
    drawn = samples.draw(step=3, rank=0, number=0)
    torch.manual_seed(0)
    loop = ClickLoop(Network(SMALL))
    optimiser = torch.optim.Adam(loop.parameters(), lr=5e-3)
    losses = []
    for _ in range(15):
        optimiser.zero_grad()
        loss, _ = loop([drawn, drawn], seed=1)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.data
def test_every_target_is_prompted_for_its_rounds(samples):
    drawn = [samples.draw(step, rank=0, number=0) for step in range(3)]
    _, played = ClickLoop(Network(SMALL)).play(drawn, seed=1)
    assert len(played) == sum(len(one.targets) for one in drawn)
    for one in played:
        assert len(one.dice) == one.target.rounds
        assert len(one.prompts) <= one.target.rounds


@pytest.mark.data
def test_the_same_step_draws_the_same_sample(samples):
    first, second = (samples.draw(step=5, rank=1, number=0) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    for ours, theirs in zip(first.targets, second.targets, strict=True):
        np.testing.assert_array_equal(ours.truth, theirs.truth)
    other = samples.draw(step=5, rank=0, number=0)
    assert other.image.shape != first.image.shape or (other.image != first.image).any()


def test_a_coarse_mask_is_near_the_truth_and_not_the_truth():
    truth = np.zeros((32, 30, 28), dtype=np.bool_)
    truth[8:24, 8:22, 6:22] = True
    made = coarse_mask(truth, np.random.default_rng(0))
    assert made is not None
    assert made.shape == truth.shape
    shared = 2 * (made & truth).sum() / (made.sum() + truth.sum())
    assert 0.5 < shared < 1.0
