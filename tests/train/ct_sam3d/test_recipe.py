"""Whole runs of both stages, small enough for a test."""

import csv
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import torch
from data_sets import write_case
from phantoms import bright_ball, grid

from voxclick.errors import InputError, OptionError
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.models.weights import read_weights
from voxclick.train.config import Config
from voxclick.train.ct_sam3d.recipe import CtRecipe, started
from voxclick.train.ct_sam3d.settings import CrossPatchSettings, CtSettings
from voxclick.train.loop import Run, train

TINY = CtSettings(
    epochs=3,
    warmup_epochs=1,
    milestones=(2,),
    rate=1e-2,
    batch=1,
    samples_per_volume=1,
    rounds=2,
    most_points=2,
    published_start=False,
    embed=(4, 4, 8, 8),
    depths=(1, 1, 1, 1),
    heads=(1, 1, 1, 1),
    fine=4,
    coarse=8,
    shared=4,
    last=4,
)
PAIRS = CrossPatchSettings(
    epochs=3,
    warmup_epochs=1,
    milestones=(2,),
    batch=1,
    samples_per_volume=1,
    rounds=1,
    stride=(3, 4),
    cross_patch=(2, 4, 4),
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


@pytest.fixture
def data(tmp_path):
    write_case(tmp_path / "data" / "a")
    return tmp_path / "data"


def tensors(path):
    return read_weights(path)[0]


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[n], theirs[n]) for n in ours)


@pytest.mark.slow
def test_the_first_stage_goes_on_where_it_stopped_buffers_and_all(data, tmp_path):
    whole = train(Run(Config("ct-sam3d", TINY), tmp_path / "whole", data))
    stopped = Run(Config("ct-sam3d", TINY), tmp_path / "parts", data, seconds=0.0)
    train(stopped)
    parts = tensors(train(replace(stopped, seconds=None)))
    assert same(tensors(whole), parts)
    counted = [value for name, value in parts.items() if name.endswith("num_batches_tracked")]
    assert {int(value) for value in counted} == {3}
    sizes = Sizes.from_json(read_weights(whole)[1]["sizes"])
    assert (sizes.fine, sizes.prompt_rule, sizes.cross_patch) == (4, "maximum", None)


@pytest.mark.slow
def test_a_small_network_learns_a_case_by_heart(tmp_path):
    on = grid((1.5, 1.5, 1.5), np.eye(3), (50, 50, 50))
    volume, mask = bright_ball(on, (24, 26, 25), 24.0)
    (tmp_path / "data" / "a").mkdir(parents=True)
    for name, array in (("image", volume.array), ("label", mask.array.astype(np.uint8))):
        nib.save(nib.Nifti1Image(array, on.affine), tmp_path / "data" / "a" / f"{name}.nii.gz")
    settings = replace(
        TINY,
        epochs=14,
        milestones=(12,),
        rate=5e-3,
        batch=2,
        samples_per_volume=2,
        augmented=0.0,
        embed=(8, 8, 8, 8),
        fine=8,
        coarse=16,
    )
    train(Run(Config("ct-sam3d", settings), tmp_path / "run", tmp_path / "data"))
    with (tmp_path / "run" / "curve.csv").open() as stream:
        dice = [float(row["dice_2"]) for row in csv.DictReader(stream)]
    assert max(dice[:2]) < 0.5
    assert min(dice[-3:]) > 0.8


@pytest.mark.slow
def test_the_second_stage_trains_the_cross_patch_network_alone(data, tmp_path):
    first = train(Run(Config("ct-sam3d", replace(TINY, epochs=1)), tmp_path / "first", data))
    run = Run(Config("ct-sam3d-cross-patch", PAIRS), tmp_path / "whole", data, first)
    whole = tensors(train(run))
    stopped = replace(run, output=tmp_path / "parts", seconds=0.0)
    train(stopped)
    assert same(whole, tensors(train(replace(stopped, seconds=None))))
    before = tensors(first)
    assert same(before, {name: whole[name] for name in before})
    added = whole.keys() - before.keys()
    assert added
    assert all(name.startswith("cpp_predictor.") for name in added)
    again = started(tmp_path / "whole" / "weights.safetensors")
    assert again.sizes.cross_patch == (2, 4, 4)


def test_both_stages_say_what_they_miss(data, tmp_path):
    with pytest.raises(OptionError, match="--data"):
        train(Run(Config("ct-sam3d", TINY), tmp_path / "run"))
    with pytest.raises(OptionError, match="--start"):
        train(Run(Config("ct-sam3d-cross-patch", PAIRS), tmp_path / "run", data))


def test_only_the_wanted_structures_are_drawn(data):
    settings = replace(TINY, structures=("spleen",))
    recipe = CtRecipe(settings, data, processes=1)
    sizes = {int(recipe.draw(step, 0, 0).truth.sum()) for step in range(4)}
    assert min(sizes) > 30
    with pytest.raises(InputError, match="liver, spleen"):
        CtRecipe(replace(TINY, structures=("heart",)), data, processes=1).draw(0, 0, 0)


def test_an_epoch_is_as_long_as_its_patches_last_all_processes(data):
    settings = replace(TINY, samples_per_volume=8, batch=2, accumulate=2, epochs=10)
    assert CtRecipe(settings, data, processes=1).steps == 20
    assert CtRecipe(settings, data, processes=2).steps == 10
