import numpy as np
import pytest
import torch
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.engine.growth.kinds import GROWTHS
from voxclick.models.base import Memories
from voxclick.models.sam2_slices.segmenter import Sam2SlicesSegmenter
from voxclick.preprocess import View

CENTRE = (20, 18, 16)


@pytest.fixture(scope="module")
def segmenter(either):
    return Sam2SlicesSegmenter(torch.device("cpu"), either)


def seen(segmenter, volume, axis, index):
    view = View.of(volume, segmenter.slice_grid(volume.grid, axis, index))
    with torch.no_grad():
        return view, segmenter.embed(view)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_a_mask_on_a_slice_comes_back_where_it_was(segmenter, name, axis):
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, axis, CENTRE[axis])
    with torch.no_grad():
        answer = segmenter.draw(embedding, view.read(truth.array, torch.device("cpu")))
        patch = view.restore(segmenter.spread(embedding, answer))
    found = patch.logits.numpy() > 0
    wanted = truth.array[patch.box.slices]
    assert patch.box.shape[axis] == 1
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.8


def test_slices_share_the_window_of_their_volume(segmenter):
    array = np.zeros((48, 48, 4), dtype=np.float32)
    array[..., 0], array[..., 1] = 10.0, 1000.0
    array[:24] *= 0.9
    volume = vc.Volume(array, vc.Grid(array.shape, np.eye(4)))
    dark, bright = (seen(segmenter, volume, 2, index)[1] for index in (0, 1))
    assert not torch.allclose(dark.features.coarse, bright.features.coarse)


def test_features_are_kept_in_half_the_bytes(segmenter):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    _, embedding = seen(segmenter, volume, 2, 16)
    assert embedding.features.coarse.dtype == torch.bfloat16
    width = len(embedding.features.coarse)
    assert embedding.nbytes == 2 * (width * 16 + width // 4 * 64 + width // 8 * 256)


def test_a_slice_is_followed_from_the_memory_of_its_neighbour(segmenter):
    volume, _ = bright_ball(GRIDS["anisotropic"], CENTRE, 9.0)
    view, first = seen(segmenter, volume, 2, 16)
    with torch.no_grad():
        answer = segmenter.prompt(first, view.take([vc.Point(CENTRE)]))
        memories = Memories(17, 1, 32, {16: segmenter.remember(first, answer)}, {})
        next_view, second = seen(segmenter, volume, 2, 17)
        tracked = segmenter.track(second, memories)
        spread = segmenter.spread(second, tracked)
    assert answer.prompted
    assert not tracked.prompted
    assert tuple(spread.shape) == next_view.grid.shape


def test_a_later_click_is_given_what_was_found_before(segmenter):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, 2, 16)
    taken = view.take([vc.Point(CENTRE), vc.Point((30, 18, 16), positive=False)])
    with torch.no_grad():
        before = segmenter.prompt(embedding, taken[:1])
        after = segmenter.prompt(embedding, taken, before)
        alone = segmenter.prompt(embedding, taken)
    assert not torch.allclose(after.logits, alone.logits)


def test_a_slice_without_prompts_goes_by_the_mask_so_far(segmenter):
    volume, truth = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, 2, 16)
    previous = view.read(truth.array, torch.device("cpu"))
    with torch.no_grad():
        logits = segmenter.decode(embedding, [], previous)
    assert ((logits > 0) == (previous >= 0.5)).float().mean() > 0.95


def test_every_way_through_slices_suits_it():
    ways = {row.name for row in GROWTHS if "slices" in row.name}
    assert set(Sam2SlicesSegmenter.spec.growths) == ways


@pytest.mark.slow
@pytest.mark.parametrize("growth", Sam2SlicesSegmenter.spec.growths)
def test_a_session_goes_through_slices_and_back(segmenter, growth):
    volume, truth = bright_ball(GRIDS["anisotropic"], CENTRE, 9.0)
    asked = vc.Session(volume, segmenter, growth=growth)
    asked.add(vc.MaskPrompt(truth, axis=2, slices=[15]))
    first = asked.mask().array
    asked.add(vc.Point((30.0, 18.0, 17.0), positive=False))
    asked.undo()
    assert np.array_equal(asked.mask().array, first)
    assert first[..., 15].any()
    asked.add(vc.Box((9, 7, 14), (32, 30, 19)), to="another")
    assert "another" in asked.objects
