"""The step of the cross-patch network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from data_sets import write_case

from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.train.ct_sam3d.cross_patch import CrossPatchRecipe, CrossPatchStep
from voxclick.train.ct_sam3d.pairs import Pair
from voxclick.train.ct_sam3d.patches import CtPatch
from voxclick.train.ct_sam3d.recipe import write_network
from voxclick.train.ct_sam3d.settings import CrossPatchSettings

SIZES = Sizes(
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
SETTINGS = CrossPatchSettings(rounds=1, most_points=2, heat_sigma=4.0, cross_patch=(4, 8, 8))


def patch(at):
    truth = np.zeros((64, 64, 64), dtype=np.bool_)
    truth[at : at + 16, 24:40, 24:40] = at < 64
    return CtPatch((0.2 + 0.6 * truth).astype(np.float32), truth)


@pytest.fixture
def network(tmp_path):
    write_case(tmp_path / "data" / "a")
    torch.manual_seed(0)
    first = Network(SIZES)
    write_network(tmp_path / "first.safetensors", first, first.state_dict(), {})
    recipe = CrossPatchRecipe(SETTINGS, tmp_path / "data", processes=1)
    return recipe.network(tmp_path / "first.safetensors")


@pytest.mark.slow
def test_the_loss_falls_and_only_the_cross_patch_network_changes(network):
    step = CrossPatchStep(network, SETTINGS)
    trained = [each for each in network.parameters() if each.requires_grad]
    assert sum(each.numel() for each in trained) == sum(
        each.numel() for each in network.cpp_predictor.parameters()
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.Adam(trained, lr=1e-2)
    losses = []
    for _ in range(12):
        optimiser.zero_grad()
        loss, _ = step([Pair(patch(10), patch(30))], seed=0)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    changed = {n for n, value in network.state_dict().items() if not torch.equal(value, before[n])}
    assert all(name.startswith("cpp_predictor.") for name in changed)


@pytest.mark.slow
def test_a_new_network_begins_with_low_heat(network):
    with torch.no_grad():
        _, measures = CrossPatchStep(network, SETTINGS)([Pair(patch(10), patch(30))], seed=0)
    assert abs(measures["peak"]) < 1


@pytest.mark.slow
def test_a_patch_without_the_object_gives_no_heat_map_but_is_asked_for_one(network):
    with torch.no_grad():
        _, measures = CrossPatchStep(network, SETTINGS)([Pair(patch(10), patch(99))], seed=0)
    assert np.isnan(measures["hit"])
    assert np.isfinite(measures["empty_peak"])


def test_sizes_of_start_weights_are_kept(network):
    assert network.sizes == replace(SIZES, cross_patch=(4, 8, 8))
