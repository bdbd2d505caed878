import numpy as np
import pytest
import torch
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.errors import PromptError
from voxclick.models.sam_slices.framing import Shown
from voxclick.models.sam_slices.network import Asked
from voxclick.models.sam_slices.segmenter import MedSamSegmenter, SamSlicesSegmenter
from voxclick.preprocess import View

CENTRE = (20, 18, 16)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def segmenter(network):
    return SamSlicesSegmenter(CPU, network)


@pytest.fixture(scope="module")
def medsam(network):
    return MedSamSegmenter(CPU, network)


def seen(segmenter, volume, axis, index):
    view = View.of(volume, segmenter.slice_grid(volume.grid, axis, index))
    with torch.no_grad():
        return view, segmenter.embed(view)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_a_slice_is_seen_at_the_volumes_own_pixels(segmenter, name, axis):
    volume, _ = bright_ball(GRIDS[name], CENTRE, 9.0)
    view, _ = seen(segmenter, volume, axis, 7)
    assert np.array_equal(view.image.numpy().squeeze(axis), np.take(volume.array, 7, axis))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_a_mask_on_a_slice_comes_back_where_it_was(segmenter, name, axis):
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, axis, CENTRE[axis])
    with torch.no_grad():
        answer = segmenter.draw(embedding, view.read(truth.array, CPU))
        patch = view.restore(segmenter.spread(embedding, answer))
    found, wanted = patch.logits.numpy() > 0, truth.array[patch.box.slices]
    assert patch.box.shape[axis] == 1
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.7


def test_a_click_and_a_box_are_asked_where_they_lie_in_the_frame(segmenter):
    # shown with the patient's left on the right, in front up: both axes run the other way
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, 2, 16)
    taken = view.take([vc.Point((30, 10, 16)), vc.Box((5, 6, 16), (15, 20, 17))])
    scale = 64 / 40
    assert embedding.shown == Shown((36, 40), (1.0, 1.0))
    asked = segmenter._asked(embedding, taken, None)
    rows = 58 / 36  # 36 rows of 40 columns become 58 of 64
    assert torch.allclose(asked.points, torch.tensor([[9 * scale, 25 * rows]]))
    assert asked.box is not None
    assert torch.allclose(
        asked.box, torch.tensor([[25.0, 16], [34, 29]]) * torch.tensor([scale, rows])
    )


def test_a_slices_answer_is_the_networks(segmenter, network):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, 2, 16)
    with torch.no_grad():
        answer = segmenter.prompt(embedding, view.take([vc.Point(CENTRE)]))
        places = torch.tensor([[19.0 * 64 / 40, 17.0 * 58 / 36]])
        features = embedding.features.float()
        logits, quality = network.answer(features, Asked(places, torch.tensor([1])))
    assert torch.allclose(answer.logits, logits, atol=1e-5)
    assert torch.allclose(answer.quality, quality, atol=1e-5)


def test_a_later_click_is_given_what_was_found_before(segmenter):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(segmenter, volume, 2, 16)
    taken = view.take([vc.Point(CENTRE), vc.Point((30, 18, 16), positive=False)])
    with torch.no_grad():
        before = segmenter.prompt(embedding, taken[:1])
        after = segmenter.prompt(embedding, taken, before)
        alone = segmenter.prompt(embedding, taken)
    assert not torch.allclose(after.logits, alone.logits)


def test_medsam_asks_each_box_anew(medsam):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    view, embedding = seen(medsam, volume, 2, 16)
    taken = view.take([vc.Box((5, 6, 16), (15, 20, 17)), vc.Box((9, 8, 16), (30, 28, 17))])
    with torch.no_grad():
        before = medsam.prompt(embedding, taken[:1])
        after = medsam.prompt(embedding, taken, before)
        alone = medsam.prompt(embedding, taken[1:])
    assert torch.equal(after.logits, alone.logits)


def test_medsam_takes_boxes_alone(medsam):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    session = vc.Session(volume, medsam)
    with pytest.raises(PromptError, match="takes box, got a point"):
        session.add(vc.Point(CENTRE))
    session.add(vc.Box((12, 6, 9), (30, 20, 10)))
    session.add(vc.Box((20, 6, 10), (21, 20, 14)))  # a line on each slice
    assert session.scores().numbers == (9, 10, 11, 12, 13)


def test_a_slice_is_encoded_once_for_all_objects_and_clicks(segmenter):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    session = vc.Session(volume, segmenter)
    session.add(vc.Box((9, 7, 13), (32, 30, 20)))
    session.add(vc.Point((25, 18, 15)))
    session.object("another")
    session.add(vc.Point((10, 18, 14)))
    assert session._model.cache.misses == 7
