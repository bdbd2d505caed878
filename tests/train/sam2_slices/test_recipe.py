"""Whole runs on clips, small enough for a test."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from data_sets import write_case

from voxclick.errors import FileFormatError, OptionError
from voxclick.models import load
from voxclick.models.base import SliceSegmenter
from voxclick.models.sam2_slices.convert import from_header, from_published
from voxclick.models.weights import family_of, read_weights, save_weights
from voxclick.train.config import Config
from voxclick.train.loop import Run, train
from voxclick.train.parts import trained_parts
from voxclick.train.sam2_slices.recipe import ClipRecipe
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.sam2_slices.start import trunk_of

TINY = ClipSettings(
    epochs=3,
    batch=1,
    image_size=64,
    embed=8,
    stages=(1, 1, 2, 1),
    global_blocks=(3,),
    width=64,
    feed_forward=64,
    decoder_feed_forward=64,
    slices=3,
    objects=1,
    corrections=1,
    autocast="no",
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


@pytest.fixture
def data(tmp_path):
    write_case(tmp_path / "data" / "a")
    return tmp_path / "data"


def tensors(path: Path):
    return read_weights(path)[0]


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped_and_leaves_weights_of_the_family(data, tmp_path):
    whole = train(Run(Config("sam2-clips", TINY), tmp_path / "whole", data))
    stopped = Run(Config("sam2-clips", TINY), tmp_path / "parts", data, seconds=0.0)
    train(stopped)
    parts = train(replace(stopped, seconds=None))
    ours, theirs = tensors(whole), tensors(parts)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert family_of(whole) == "sam2_slices"
    network = from_header(*read_weights(whole))
    assert network.frame_size == 64
    assert isinstance(load(str(whole), device="cpu"), SliceSegmenter)
    again = ClipRecipe(TINY, data, processes=1).network(whole)
    assert torch.equal(again.no_memory_embedding, network.no_memory_embedding)


def test_the_image_encoder_and_the_prompt_encoder_are_frozen_unless_asked_for(data):
    recipe = ClipRecipe(TINY, data, processes=1)
    parts = {part.name: part for part in trained_parts(recipe.network(None))}
    for name in ("vision_encoder", "prompt_encoder"):
        assert parts[name].trained == 0
        assert parts[name].frozen > 0
    for name in ("mask_decoder", "memory_attention", "memory_encoder", "no_object_pointer"):
        assert parts[name].frozen == 0
    wider = ClipRecipe(replace(TINY, parts=("image_encoder",)), data, processes=1)
    eyes = {part.name: part for part in trained_parts(wider.network(None))}
    assert eyes["vision_encoder"].frozen == 0
    assert eyes["mask_decoder"].trained == 0


def test_biases_and_norms_are_not_pulled_and_the_encoder_has_its_own_rate(data):
    settings = replace(TINY, parts=("image_encoder", "mask_decoder"))
    recipe = ClipRecipe(settings, data, processes=1)
    groups = recipe.optimiser(recipe.network(None)).param_groups
    found = {(group["lr"], group["weight_decay"]) for group in groups}
    assert found == {(5e-5, 0.1), (5e-5, 0.0), (3e-5, 0.1), (3e-5, 0.0)}
    assert recipe.share(0) == 1.0
    assert recipe.share(recipe.steps) == pytest.approx(0.1)


def test_the_parts_of_the_authors_micro_network_are_counted(parity_dir, data, tmp_path):
    held = torch.load(parity_dir / "sam2_micro.pt", weights_only=True)
    network = from_published(held["state_dict"], 128, held["config"])
    header = {
        "voxclick": "sam2_slices",
        "image_size": "128",
        "trunk": trunk_of(network).to_json(),
    }
    save_weights(tmp_path / "micro.safetensors", network.state_dict(), header)
    recipe = ClipRecipe(replace(TINY, image_size=128), data, processes=1)
    parts = trained_parts(recipe.network(tmp_path / "micro.safetensors"))
    trained, frozen = sum(p.trained for p in parts), sum(p.frozen for p in parts)
    assert (trained, frozen) == (2_933_142, 331_404)


def test_what_a_run_misses_is_said(data, tmp_path):
    with pytest.raises(OptionError, match="--data"):
        ClipRecipe(TINY, None, processes=1)
    other = tmp_path / "other.safetensors"
    save_weights(other, {"a": torch.zeros(1)}, {"voxclick": "other"})
    with pytest.raises(FileFormatError, match="trunk"):
        ClipRecipe(TINY, data, processes=1).network(other)
