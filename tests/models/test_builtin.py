"""What the built-in family promises beyond the contract of every family."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from phantoms import GRIDS, bright_ball
from safetensors.torch import save

import voxclick as vc
from voxclick.errors import FileFormatError
from voxclick.metrics.overlap import dice
from voxclick.models.builtin import weights
from voxclick.models.builtin.folding import Folding
from voxclick.models.builtin.network import Network, Widths
from voxclick.models.builtin.segmenter import BuiltinSegmenter
from voxclick.models.evidence.race import judge
from voxclick.preprocess import View

CENTRE = (20.0, 18.0, 16.0)


def packaged() -> Path:
    return Path(weights.__file__).with_name(weights.PACKAGED)


def test_the_weights_are_small_enough_to_ship():
    assert packaged().stat().st_size <= 40e6


def test_the_weights_say_how_they_were_made():
    assert vc.load("builtin", device="cpu").network.widths == Widths()


@pytest.mark.parametrize("content", [b"", b"no weights", save({"a": torch.zeros(1)})])
def test_a_file_without_these_weights_is_refused_in_one_line(content, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="weights") as caught:
        weights.read_weights(path)
    assert "\n" not in str(caught.value)


def test_an_untrained_network_answers_as_the_evidence_does():
    volume, _ = bright_ball(GRIDS["oblique"], CENTRE, 9)
    untrained = BuiltinSegmenter(torch.device("cpu"), Network())
    view = View.of(volume, volume.grid)
    embedding = untrained.embed(view)
    first = [vc.Point((20, 18, 16))]
    found = untrained.decode(embedding, first, None)
    before = (found > 0).float()
    for further in (None, vc.Point((30, 20, 16), positive=False), vc.Point((22, 20, 18))):
        prompts, previous = (first, None) if further is None else ([*first, further], before)
        answer = untrained.decode(embedding, prompts, previous)
        _, evidence = judge(embedding.scene, prompts, previous)
        np.testing.assert_array_equal(answer.numpy() > 0, evidence.score > 0)


@pytest.mark.parametrize("name", GRIDS)
def test_one_click_finds_a_ball(name):
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9)
    session = vc.Session(volume, "builtin", device="cpu")
    session.add(vc.Point(CENTRE))
    assert dice(truth, session.mask()) > 0.8


SIZES = st.integers(1, 20)
LENGTHS = st.sampled_from([1.0, 1.3, 2.0, 6.0])


@given(st.tuples(SIZES, SIZES, SIZES), st.tuples(LENGTHS, LENGTHS, LENGTHS))
def test_folding_loses_no_voxel(shape, lengths):
    folding = Folding.of(shape, lengths)
    view = torch.arange(2.0 * np.prod(shape)).reshape(2, *shape)
    folded = folding.subvoxels(view)
    assert folded.shape == (16, *folding.folded)
    assert all(size % 8 == 0 for size in folding.folded)
    assert torch.equal(folding.back(folded), view)


def test_the_mean_of_a_folded_voxel_is_that_of_its_subvoxels():
    folding = Folding.of((8, 8, 5), (1.0, 1.0, 4.0))
    view = torch.rand(1, 8, 8, 5)
    expected = view.reshape(1, 4, 2, 4, 2, 5).mean(dim=(2, 4))
    torch.testing.assert_close(folding.mean(view)[:, :4, :4, :5], expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_less_precise_numbers_give_the_same_mask(dtype):
    device = torch.device("cpu")
    masks = []
    for numbers in (torch.float32, dtype):
        session = vc.Session("sample", BuiltinSegmenter(device, dtype=numbers))
        session.add(vc.Point((78, 117, 93)))
        session.add(vc.Point((80, 138, 88)))
        session.add(vc.Point((98, 135, 88), positive=False))
        masks.append(session.mask())
    assert dice(*masks) >= 0.995
