"""Whole runs, small enough for a test."""

import json
from dataclasses import replace

import pytest
import torch
from data_sets import CENTRES, write_case

import voxclick as vc
from voxclick.cli import main
from voxclick.errors import OptionError
from voxclick.evaluate.dataset import find_dataset
from voxclick.models.weights import read_header, read_weights
from voxclick.train.config import Config
from voxclick.train.loop import Run, train
from voxclick.train.supervised.recipe import SupervisedRecipe
from voxclick.train.supervised.settings import SupervisedSettings

TINY = SupervisedSettings(
    width=4,
    deep_supervision=1,
    patch=(16, 16, 16),
    spacing_mm=(2.0, 2.0, 2.0),
    epochs=2,
    batch=1,
    samples_per_volume=2,
    momentum=0.9,
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


@pytest.fixture
def data(tmp_path):
    write_case(tmp_path / "data" / "a")
    return tmp_path / "data"


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, data):
    config = Config("supervised", TINY)
    whole = train(Run(config, tmp_path / "whole", data))
    stopped = Run(config, tmp_path / "parts", data, seconds=0.0)
    train(stopped)
    parts = train(replace(stopped, seconds=None))
    ours, theirs = read_weights(whole)[0], read_weights(parts)[0]
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
def test_a_trained_network_fills_a_column_of_the_same_table(tmp_path, data):
    """It learns two balls that look alike and lie apart, and a click on one gives it."""
    settings = replace(TINY, epochs=60, width=8, rate=0.05, positive=1.0)
    settings = replace(settings, batch=2, samples_per_volume=2, augmented=0.0, intensities=0.0)
    weights = train(Run(Config("supervised", settings), tmp_path / "run", data))
    session = vc.Session(data / "a/image.nii.gz", str(weights))
    for label, name in ((1, "liver"), (2, "spleen")):
        session.object(name)
        session.add(vc.Point(CENTRES[label]))
        assert 500 < session.voxels(name) < 1500
    told = [str(data), "-o", str(tmp_path / "out"), "--model", str(weights), "--clicks", "1"]
    assert main(["evaluate", *told, "--labels", "liver", "spleen"]) == 0
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["total"]["dice_last"] > 0.8


def test_structures_and_intensities_come_from_the_training_cases(data):
    recipe = SupervisedRecipe(TINY, data, 1)
    assert recipe.look.names == ("liver", "spleen")
    assert recipe.look.intensity is None  # no CT
    assert recipe.steps == 4


def test_what_is_told_is_not_looked_for(data):
    told = replace(TINY, structures=("spleen",), intensity=(-100.0, 100.0, 0.0, 50.0))
    recipe = SupervisedRecipe(told, data, 1)
    assert recipe.look.names == ("spleen",)
    assert recipe.look.intensity is not None
    assert recipe.look.intensity.low == -100


def test_a_fold_leaves_out_what_the_other_recipes_leave_out(tmp_path):
    from voxclick.train.split import drawn_split

    for name in "abcdefghij":
        write_case(tmp_path / "data" / name)
    recipe = SupervisedRecipe(replace(TINY, fold=1, structures=("liver",)), tmp_path / "data", 1)
    names = recipe._visits.volumes.names
    assert recipe.split == drawn_split(names, 1, TINY.seed)
    assert len(recipe.split.test) == 2
    assert len(recipe.split.train) == 7


def test_cases_that_were_left_out_can_be_evaluated_by_their_list(tmp_path):
    for name in "abcdefghij":
        write_case(tmp_path / "data" / name)
    settings = replace(TINY, fold=0, structures=("liver",))
    recipe = SupervisedRecipe(settings, tmp_path / "data", 1)
    network = recipe.network(None)
    recipe.write(tmp_path / "w.safetensors", network, network.state_dict(), {"step": 1})
    held = set((tmp_path / "test_cases.txt").read_text().split())
    assert held == set(recipe.split.test)
    chosen = find_dataset(tmp_path / "data").chosen(sorted(held))
    assert {f"data/{case.name}" for case in chosen.cases} == held
    parts = {path.name for path in tmp_path.glob("*_cases.txt")}
    assert parts == {"train_cases.txt", "validation_cases.txt", "test_cases.txt"}


def test_a_run_goes_on_from_weights_of_the_same_network_and_structures(tmp_path, data):
    recipe = SupervisedRecipe(TINY, data, 1)
    network = recipe.network(None)
    recipe.write(tmp_path / "w.safetensors", network, network.state_dict(), {"step": 1})
    assert read_header(tmp_path / "w.safetensors")["model"] == "dynunet"
    again = recipe.network(tmp_path / "w.safetensors")
    ours, theirs = network.state_dict(), again.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    other = SupervisedRecipe(replace(TINY, structures=("liver",)), data, 1)
    with pytest.raises(OptionError, match="same network and structures"):
        other.network(tmp_path / "w.safetensors")


def test_without_data_it_is_told():
    with pytest.raises(OptionError, match="--data"):
        SupervisedRecipe(TINY, None, 1)


def test_rates_fall_to_nothing(data):
    for fall in ("polynomial", "cosine"):
        recipe = SupervisedRecipe(replace(TINY, fall=fall, epochs=20, warmup=0.1), data, 1)
        shares = [recipe.share(step) for step in range(recipe.steps)]
        assert shares[0] < 1 == max(shares)
        assert shares[-1] < 0.1
