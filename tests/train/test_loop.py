"""Whole training runs, small enough for a test."""

import csv
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from voxclick.errors import InputError, OptionError
from voxclick.models.builtin.weights import read_weights
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.config import Config
from voxclick.train.loop import Run, train

TINY = BuiltinSettings(
    steps=4,
    warmup=1,
    scenes=2,
    targets=2,
    patch=(24,),
    real=0.0,
    rounds=(0.5, 0.5),
    save_every=2,
    levels=(16, 16, 16, 16),
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


def same(first, second):
    ours, theirs = load_file(first), load_file(second)
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    whole = train(Run(Config("builtin", TINY), tmp_path / "whole"))
    stopped = Run(Config("builtin", TINY), tmp_path / "parts", seconds=0.0)
    train(stopped)
    parts = train(replace(stopped, seconds=None))
    assert same(whole, parts)
    with (tmp_path / "parts" / "curve.csv").open() as stream:
        assert [int(float(row["step"])) for row in csv.DictReader(stream)] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_run_leaves_weights_that_can_be_loaded_and_its_configuration(tmp_path):
    weights = train(Run(Config("builtin", replace(TINY, steps=1)), tmp_path / "run"))
    assert read_weights(weights).widths.levels == TINY.levels
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "checkpoint.pt",
        "config.json",
        "curve.csv",
        "curve.png",
        "weights.safetensors",
    }


@pytest.mark.slow
def test_another_configuration_needs_another_folder(tmp_path):
    train(Run(Config("builtin", replace(TINY, steps=1)), tmp_path / "run"))
    with pytest.raises(InputError, match="differs in rate"):
        train(Run(Config("builtin", replace(TINY, rate=1.0)), tmp_path / "run"))


def test_half_precision_is_refused_on_a_cpu_whose_gradients_would_be_wrong(tmp_path):
    with pytest.raises(OptionError, match="bf16 needs a GPU"):
        train(Run(Config("builtin", replace(TINY, autocast="bf16")), tmp_path / "run"))


@pytest.mark.slow
def test_two_halves_of_a_batch_give_the_step_that_the_batch_gives(tmp_path):
    once = Config("builtin", replace(TINY, steps=1, rounds=(1.0,), targets=1))
    halves = Config("builtin", replace(once.settings, scenes=1, accumulate=2))
    loss = []
    for name, config in (("once", once), ("halves", halves)):
        train(Run(config, tmp_path / name))
        with (tmp_path / name / "curve.csv").open() as stream:
            loss.append(float(next(csv.DictReader(stream))["loss"]))
    assert loss[0] == pytest.approx(loss[1], rel=0.2)
