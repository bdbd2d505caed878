"""Whole runs of 3DSAM-adapter, small enough for a test."""

import pickle
from dataclasses import replace
from math import isnan

import pytest
import torch
from adapter_network import published, small_network
from data_sets import write_case

from voxclick.errors import OptionError
from voxclick.models import load
from voxclick.models.sam_adapter3d.checkpoint import read_network
from voxclick.train.config import Config
from voxclick.train.loop import Run, train
from voxclick.train.sam_adapter3d.recipe import TumourRecipe
from voxclick.train.sam_adapter3d.settings import TumourSettings

TINY = TumourSettings(
    epochs=2,
    crop=64,
    embed=8,
    heads=1,
    hidden=16,
    bottleneck=4,
    neck=16,
    prompt_hidden=32,
    head=8,
    signed_points=True,
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


@pytest.fixture
def data(tmp_path):
    write_case(tmp_path / "data" / "a")
    return tmp_path / "data"


@pytest.mark.slow
def test_a_run_leaves_weights_of_the_family_that_know_their_crops(data, tmp_path):
    settings = replace(TINY, epochs=1, tuning="lora")
    weights = train(Run(Config("sam-adapter3d", settings), tmp_path / "run", data))
    network, look = read_network(weights)
    assert network.sizes == TINY.sizes
    assert (look.crop, look.orientation) == (64, "SAR")
    assert 50 < look.intensity.mean < 110
    assert load(str(weights), device="cpu").spec.patch == (64, 64, 64)
    with (tmp_path / "run" / "curve.csv").open() as stream:
        assert "validation_loss" in stream.readline()


def test_the_published_folds_are_followed(data, tmp_path):
    files = ["a/image.nii.gz", "a/label.nii.gz"]
    fold = {"train": {"x": files, "y": files}, "val": {"z": files}, "test": {}}
    (data / "split.pkl").write_bytes(pickle.dumps([fold]))
    settings = replace(TINY, split="split.pkl", data_set="lits17", structures=("tumour",))
    recipe = TumourRecipe(settings, data, processes=1)
    assert recipe.split.train == ("x", "y")
    assert recipe.steps == 4
    assert recipe.intensity.mean == 60.057533
    assert recipe.draw(0, 0, 0).image.shape == (64, 64, 64)


def test_each_part_is_cut_by_itself_and_the_rate_falls_by_epochs(data):
    recipe = TumourRecipe(replace(TINY, epochs=500, samples_per_volume=3), data, processes=1)
    groups = recipe.optimiser(recipe.network(None)).param_groups
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(4e-4, 0.0)] * 3
    assert recipe.share(0) == recipe.share(2) == 1.0
    assert recipe.share(3) == pytest.approx(1 - 0.99 / 500)
    assert recipe.share(recipe.steps) == pytest.approx(0.01)
    auto = TumourRecipe(replace(TINY, prompted=False), data, processes=1)
    assert len(auto.optimiser(auto.network(None)).param_groups) == 2


def test_a_network_begins_with_sam_or_goes_on(data, tmp_path):
    plain = replace(TINY, signed_points=False)
    recipe = TumourRecipe(plain, data, processes=1)
    other = small_network(plain.sizes, seed=5)
    sam = {f"image_encoder.{n}": t for n, t in other.encoder.state_dict().items()}
    torch.save(sam, tmp_path / "sam_vit_b.pth")
    begun = recipe.network(tmp_path / "sam_vit_b.pth")
    block, theirs = begun.encoder.blocks[1], other.encoder.blocks[1]
    assert torch.equal(block.attn.qkv.weight, theirs.attn.qkv.weight)
    assert not torch.equal(block.adapter.linear1.weight, theirs.adapter.linear1.weight)
    torch.save(published(other), tmp_path / "last.pth.tar")
    gone_on = recipe.network(tmp_path / "last.pth.tar")
    adapter = gone_on.encoder.blocks[1].adapter
    assert torch.equal(adapter.linear1.weight, theirs.adapter.linear1.weight)
    assert adapter.linear1.weight.requires_grad
    recipe.write(tmp_path / "ours.safetensors", gone_on, gone_on.state_dict(), {})
    again = recipe.network(tmp_path / "ours.safetensors")
    assert torch.equal(again.encoder.pos_embed, gone_on.encoder.pos_embed)
    with pytest.raises(OptionError, match="signed_points"):
        TumourRecipe(TINY, data, processes=1).network(tmp_path / "ours.safetensors")


def test_blocks_are_computed_again_where_the_settings_say_so(data):
    for recompute in (False, True):
        recipe = TumourRecipe(replace(TINY, recompute=recompute), data, processes=1)
        assert recipe.network(None).encoder.checkpointing == recompute


@pytest.mark.slow
def test_validation_looks_at_cases_that_do_not_train(data):
    recipe = TumourRecipe(TINY, data, processes=1)
    network = recipe.network(None)
    assert isnan(recipe.validate(network, 1)["validation_loss"])
    recipe.split = replace(recipe.split, validation=recipe.split.train)
    first, again = (recipe.validate(network, 1)["validation_loss"] for _ in range(2))
    assert 0 < first < 1
    assert first == pytest.approx(again)
    assert network.training


def test_volumes_are_needed():
    with pytest.raises(OptionError, match="--data"):
        TumourRecipe(TINY, None, processes=1)
