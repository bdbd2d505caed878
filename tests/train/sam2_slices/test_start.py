"""What a run begins with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from data_sets import write_case
from tiny_weights import TINY_WEIGHTS

from voxclick.models.sam2_slices.convert import from_header
from voxclick.models.weights import read_weights
from voxclick.train.sam2_slices.clips import ClipSample
from voxclick.train.sam2_slices.recipe import ClipRecipe
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.sam2_slices.start import part_of, started
from voxclick.train.sam2_slices.step import ClipFeedback

TINY = ClipSettings(image_size=64, slices=3, corrections=1, masked=1.0, prompted=1, autocast="no")


@pytest.fixture
def edgetam(tmp_path):
    TINY_WEIGHTS["edgetam"](tmp_path / "edgetam.safetensors")
    return tmp_path / "edgetam.safetensors"


def test_what_compresses_memories_is_trained_with_them():
    assert part_of("spatial_perceiver.latents_2d") == "memory"
    assert part_of("vision_encoder.backbone.stem.conv1.weight") == "image_encoder"


@pytest.mark.slow
def test_the_memory_of_an_edgetam_learns(edgetam):
    step = ClipFeedback(started(edgetam, 64).train(), TINY)
    truth = np.zeros((1, 3, 64, 64), dtype=np.bool_)
    truth[:, :, 12:30, 20:40] = True
    loss, _ = step([ClipSample((120 * truth[0]).astype(np.uint8), truth)], seed=1)
    loss.backward()
    for part in ("memory_attention", "memory_encoder", "spatial_perceiver"):
        gradients = [each.grad for each in getattr(step.network, part).parameters()]
        assert any(each is not None and each.abs().sum() > 0 for each in gradients)


def test_a_trained_edgetam_is_written_as_it_was_fetched(edgetam, tmp_path):
    write_case(tmp_path / "data" / "a")
    recipe = ClipRecipe(replace(TINY, epochs=1, batch=1), tmp_path / "data", processes=1)
    network = recipe.network(edgetam)
    recipe.write(tmp_path / "out.safetensors", network, dict(network.state_dict()), {})
    again = from_header(*read_weights(tmp_path / "out.safetensors"))
    assert type(again) is type(network)
    assert torch.equal(again.no_memory_embedding, network.no_memory_embedding)
    kept, fetched = (read_weights(path)[1] for path in (tmp_path / "out.safetensors", edgetam))
    assert {**fetched, "run": "{}"} == kept
