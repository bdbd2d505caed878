import numpy as np
import pytest
from phantoms import GRIDS, bright_ball
from slice_growing import SliceGrowing

import voxclick as vc
from voxclick.metrics.overlap import dice

CENTRE = (20.0, 18.0, 16.0)


def begun(name="anisotropic", radius=9.0):
    volume, truth = bright_ball(GRIDS[name], CENTRE, radius, noise=2.0)
    model = SliceGrowing()
    return vc.Session(volume, model, growth="prompted-slices"), model, truth


def slices(mask, axis=2):
    others = tuple(other for other in range(3) if other != axis)
    return np.flatnonzero(mask.array.any(axis=others)).tolist()


def test_a_click_answers_its_slice_and_no_other():
    session, model, truth = begun()
    session.add(vc.Point(CENTRE))
    assert slices(session.mask()) == [16]
    assert np.array_equal(session.mask().array[..., 16], truth.array[..., 16])
    assert model.encoded == 1
    assert not model.tracked


@pytest.mark.parametrize("name", GRIDS)
def test_a_3d_box_prompts_each_of_its_slices(name):
    session, model, truth = begun(name)
    box = vc.geometry.Box.of_mask(truth.array)
    change = session.add(vc.Box(box.start, box.stop))
    axis = session.scores().axis
    numbers = tuple(range(box.start[axis], box.stop[axis]))
    assert session.scores().prompted == numbers
    assert model.encoded == len(numbers)
    assert dice(truth, session.mask()) == 1
    assert change.box.union(box) == change.box


def test_the_middle_of_a_box_is_answered_first_and_the_rest_slice_by_slice():
    session, _, truth = begun()
    box = vc.geometry.Box.of_mask(truth.array)
    steps = list(session.stream(vc.Box(box.start, box.stop)))
    assert len(steps) == box.shape[2]
    assert steps[0].box.start[2] == (box.start[2] + box.stop[2] - 1) // 2
    assert [step.final for step in steps] == [False] * (len(steps) - 1) + [True]


def test_a_stroke_through_slices_prompts_each_of_them():
    session, _, truth = begun("straight")
    line = np.stack([np.full(12, 20.0), np.full(12, 18.0), np.arange(10.0, 22.0)], axis=1)
    session.add(vc.Scribble(line))
    assert slices(session.mask()) == list(range(10, 22))
    assert not (session.mask().array & ~truth.array).any()


def test_a_correction_stays_on_its_slice():
    session, model, _ = begun()
    session.add(vc.Point(CENTRE))
    session.add(vc.Point((20, 18, 15)))
    before = session.mask().array[..., 15].copy()
    session.add(vc.Point((2, 2, 16), positive=False))
    assert np.array_equal(session.mask().array[..., 15], before)
    assert model.prompted == [1, 1, 2]


def test_undo_redo_and_replay_hold():
    session, model, truth = begun()
    box = vc.geometry.Box.of_mask(truth.array)
    session.add(vc.Box(box.start, box.stop))
    whole = session.mask().array
    session.add(vc.Point((2, 2, 16), positive=False))
    session.undo()
    assert np.array_equal(session.mask().array, whole)
    again = vc.Session(session.volume, model, growth="prompted-slices")
    for prompt in session.log.objects[0].prompts:
        again.add(prompt)
    assert np.array_equal(again.mask().array, whole)


def test_a_negative_box_clears_what_is_in_it():
    session, _, _ = begun()
    session.add(vc.Point(CENTRE))
    session.add(vc.Box((0, 0, 16), (40, 18, 17), positive=False))
    assert not session.mask().array[:, :18, 16].any()
    assert session.mask().array[..., 16].any()


def test_a_drawn_slice_is_taken_as_it_is():
    session, model, truth = begun()
    session.add(vc.MaskPrompt(truth, axis=2, slices=[15, 17]))
    assert slices(session.mask()) == [15, 17]
    assert not model.prompted
