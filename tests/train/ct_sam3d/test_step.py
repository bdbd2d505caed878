"""Rounds of click feedback."""

import numpy as np
import pytest
import torch

from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.train.ct_sam3d.clicks import Click
from voxclick.train.ct_sam3d.patches import CtPatch
from voxclick.train.ct_sam3d.settings import CtSettings
from voxclick.train.ct_sam3d.step import ClickFeedback, click_maps_of

TINY = Sizes(
    embed=(4, 4, 8, 8),
    depths=(1, 1, 1, 1),
    heads=(1, 1, 1, 1),
    fine=4,
    coarse=8,
    shared=4,
    last=4,
    cross_patch=None,
    prompt_rule="maximum",
)
ROUNDS = CtSettings(rounds=3, most_points=2)


def patch(at=20):
    truth = np.zeros((64, 64, 64), dtype=np.bool_)
    truth[at : at + 16, 24:40, 24:40] = True
    return CtPatch((0.2 + 0.6 * truth).astype(np.float32), truth)


def network(seed=0):
    torch.manual_seed(seed)
    return Network(TINY)


@pytest.mark.slow
def test_every_round_adds_a_click_and_has_a_loss():
    known = ClickFeedback(network(), ROUNDS).play([patch(), patch(8)], seed=1)
    assert len(known.losses) == len(known.dice) == 3
    assert known.probabilities.shape == (2, 1, 64, 64, 64)
    assert all(3 <= len(clicks) <= 6 for clicks in known.clicks)
    for clicks, one in zip(known.clicks, (patch(), patch(8)), strict=True):
        assert all(one.truth[click.at] == click.positive for click in clicks)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_loss_also_when_activations_are_computed_again():
    plain = ClickFeedback(network(), ROUNDS)
    again = ClickFeedback(network(), ROUNDS, recompute=True)
    losses = []
    for feedback in (plain, again):
        loss, _ = feedback([patch()], seed=3)
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for ours, theirs in zip(plain.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-6)


def test_a_click_is_the_peak_of_its_sign_s_map_at_its_own_voxel():
    clicks = [[Click((3, 10, 40), True), Click((50, 20, 30), False)], [Click((32, 32, 32), True)]]
    maps = click_maps_of(network(), clicks, torch.zeros(2, 1, 64, 64, 64))
    assert np.unravel_index(int(maps[0, 0].argmax()), (64, 64, 64)) == (3, 10, 40)
    assert np.unravel_index(int(maps[0, 1].argmax()), (64, 64, 64)) == (50, 20, 30)
    assert maps[1, 0, 32, 32, 32] == 1
    assert maps[1, 1].max() == 0


def test_samples_without_any_click_have_empty_maps():
    assert click_maps_of(network(), [[], []], torch.zeros(2, 1, 64, 64, 64)).max() == 0


@pytest.mark.slow
def test_some_patches_begin_with_a_side_of_their_object_known():
    losses = set()
    for handed in (0.0, 1.0):
        with torch.no_grad():
            loss, _ = ClickFeedback(network(), CtSettings(rounds=1, handed=handed))([patch()], 0)
        losses.add(loss.item())
    assert len(losses) == 2
