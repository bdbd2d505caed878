import threading

import numpy as np
import pytest
from phantoms import GRIDS, ball, bright_ball
from region_growing import RegionGrowing

import voxclick as vc
from voxclick.engine.session import Session
from voxclick.errors import GridMismatchError, OptionError, PromptError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.metrics.overlap import dice

CENTRE = (20.0, 18.0, 16.0)


def session(name: str = "straight", radius_mm: float = 8.0) -> tuple[Session, vc.Mask]:
    volume, truth = bright_ball(GRIDS[name], CENTRE, radius_mm)
    return Session(volume, RegionGrowing()), truth


def large(radius_mm: float = 26.0) -> tuple[Session, vc.Mask]:
    """A ball that is wider than any fine view."""
    grid = Grid((80, 80, 80), np.diag([1.0, 1.0, 1.0, 1.0]))
    volume, truth = bright_ball(grid, (40, 40, 40), radius_mm, noise=1.0)
    return Session(volume, RegionGrowing()), truth


@pytest.mark.parametrize("name", GRIDS)
def test_one_click_segments_a_ball_on_every_grid(name: str) -> None:
    asked, truth = session(name)
    asked.add(vc.Point(CENTRE))
    assert dice(truth, asked.mask()) > 0.8


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("space", ["ras", "lps"])
def test_a_click_in_millimetres_is_the_same_click(name: str, space: str) -> None:
    by_voxel, _ = session(name)
    by_mm, _ = session(name)
    x, y, z = by_voxel.grid.to_ras(np.array([CENTRE]))[0]
    by_voxel.add(vc.Point(CENTRE))
    by_mm.add(vc.Point((x, y, z) if space == "ras" else (-x, -y, z), space=space))
    assert np.array_equal(by_voxel.mask().array, by_mm.mask().array)


def test_the_change_covers_every_voxel_that_changed_and_carries_their_bits() -> None:
    asked, _ = session()
    before = asked.mask().array
    change = asked.add(vc.Point(CENTRE))
    after = asked.mask().array
    outside = np.ones(after.shape, dtype=np.bool_)
    outside[change.box.slices] = False
    assert not (before ^ after)[outside].any()
    assert np.array_equal(change.mask, after[change.box.slices])
    assert change.seconds > 0
    assert change.revision == 1


def test_undo_restores_the_mask_before_the_click_and_redo_the_one_after() -> None:
    asked, _ = session()
    masks = [asked.mask().array]
    for at in (CENTRE, (2.0, 2.0, 2.0), (38.0, 34.0, 30.0)):
        asked.add(vc.Point(at))
        masks.append(asked.mask().array)
    for expected in reversed(masks[:-1]):
        asked.undo()
        assert np.array_equal(asked.mask().array, expected)
    for expected in masks[1:]:
        asked.redo()
        assert np.array_equal(asked.mask().array, expected)


def test_undo_and_redo_with_nothing_left_say_so_and_change_nothing() -> None:
    asked, _ = session()
    assert asked.undo().box.empty
    assert "nothing to undo" in asked.undo().notes[0]
    assert "nothing to redo" in asked.redo().notes[0]


def test_a_new_prompt_ends_what_can_be_redone() -> None:
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    asked.undo()
    asked.add(vc.Point((2.0, 2.0, 2.0)))
    assert "nothing to redo" in asked.redo().notes[0]


def test_a_second_object_on_the_same_view_never_encodes_again() -> None:
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    encoded = asked.segmenter.encoded
    asked.object("other")
    asked.add(vc.Point((19.0, 18.0, 16.0)))
    asked.add(vc.Point((20.0, 17.0, 16.0), positive=False))
    assert asked.segmenter.encoded == encoded


def test_an_object_wider_than_the_view_is_found_whole() -> None:
    asked, truth = large()
    asked.add(vc.Point((40, 40, 40)))
    assert dice(truth, asked.mask()) > 0.97


def test_a_session_that_does_not_widen_stays_in_the_first_view() -> None:
    asked, truth = large()
    asked.widens = False
    near = asked.add(vc.Point((40, 40, 40)))
    assert max(near.box.shape) <= 36  # 24 view voxels of 1.5 mm
    asked.widens = True
    asked.add(vc.Point((41, 40, 40)))
    assert dice(truth, asked.mask()) > 0.9


def test_refinement_makes_the_coarse_answer_better() -> None:
    coarse, truth = large()
    fine, _ = large()
    coarse.add(vc.Point((40, 40, 40)), refinements=0)
    fine.add(vc.Point((40, 40, 40)))
    assert dice(truth, fine.mask()) > dice(truth, coarse.mask())


def test_the_first_answer_comes_before_its_refinements() -> None:
    asked, _ = large()
    changes = list(asked.stream(vc.Point((40, 40, 40))))
    assert len(changes) > 2
    assert [change.final for change in changes] == [False] * (len(changes) - 1) + [True]
    assert [change.revision for change in changes] == list(range(1, len(changes) + 1))


def test_a_new_prompt_cancels_what_is_still_running() -> None:
    asked, _ = large()
    running = asked.stream(vc.Point((40, 40, 40)))
    next(running)
    asked.add(vc.Point((40, 40, 12)), refinements=0)
    before = asked.mask().array
    assert list(running) == []
    assert np.array_equal(asked.mask().array, before)


def test_cancel_stops_refinement_and_the_replay_stops_there_too() -> None:
    asked, _ = large()
    running = asked.stream(vc.Point((40, 40, 40)))
    next(running)
    next(running)
    asked.cancel()
    assert list(running) == []
    again = vc.replay(asked.volume, asked.log, RegionGrowing())
    assert asked.log.objects[0].steps[0].refinements == 1
    assert np.array_equal(again.mask().array, asked.mask().array)


def test_a_replayed_log_says_what_was_cut_off_as_the_log_before_it_did() -> None:
    asked, _ = large()
    asked.add(vc.Point((40, 40, 40)), refinements=1)
    again = vc.replay(asked.volume, asked.log, RegionGrowing())
    assert again.log.objects[0].steps[0].refinements == 1
    twice = vc.replay(asked.volume, again.log, RegionGrowing())
    assert np.array_equal(twice.mask().array, asked.mask().array)


def test_undo_takes_back_a_prompt_with_its_refinements() -> None:
    asked, _ = large()
    change = asked.add(vc.Point((40, 40, 40)))
    assert asked.mask().voxels > 0
    back = asked.undo()
    assert asked.mask().voxels == 0
    assert back.box.intersection(change.box) == change.box


def test_a_click_outside_the_view_adds_to_the_object_and_never_resets_it() -> None:
    grid = Grid((120, 40, 40), np.eye(4))
    first, _ = bright_ball(grid, (15, 20, 20), 8.0, noise=1.0)
    second = ball(grid, (100, 20, 20), 8.0)
    volume = vc.Volume(first.array + 100 * second.array.astype(np.float32), grid)
    asked = Session(volume, RegionGrowing())
    asked.add(vc.Point((15, 20, 20)))
    before = asked.mask()
    asked.add(vc.Point((100, 20, 20)))
    assert (asked.mask().array & before.array).sum() == before.voxels
    assert dice(second, vc.Mask(asked.mask().array & ~before.array, grid)) > 0.9


def test_a_negative_click_takes_its_voxel_out_and_a_positive_one_puts_it_in() -> None:
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    asked.add(vc.Point((22.0, 18.0, 16.0), positive=False))
    assert not asked.mask().array[22, 18, 16]
    asked.add(vc.Scribble(np.array([[1.0, 1, 1], [1.0, 2, 1]])))
    assert asked.mask().array[1, 1, 1]
    assert asked.mask().array[1, 2, 1]
    assert not asked.mask().array[22, 18, 16]


def test_a_negative_box_empties_its_inside() -> None:
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    asked.add(vc.Box((0, 0, 16), (40, 36, 32), positive=False))
    assert asked.mask().array[:, :, :16].any()
    assert not asked.mask().array[:, :, 16:].any()


def test_a_mask_prompt_is_where_the_object_starts_and_clicks_correct_it() -> None:
    asked, truth = session()
    start = ball(asked.grid, (19, 18, 16), 7.0)
    asked.add(vc.MaskPrompt(start))
    assert np.array_equal(asked.mask().array, start.array)
    asked.add(vc.Point(CENTRE))
    assert dice(truth, asked.mask()) > dice(truth, start)


def test_the_slices_of_a_mask_prompt_come_out_as_drawn() -> None:
    asked, _ = session()
    drawn = ball(asked.grid, (20, 17, 16), 6.0)
    asked.add(vc.MaskPrompt(drawn, axis=2, slices=[16]))
    assert np.array_equal(asked.mask().array[:, :, 16], drawn.array[:, :, 16])
    assert asked.mask().array[:, :, 15].any()


def test_objects_never_overlap_and_the_nearest_prompt_wins() -> None:
    asked, _ = session()
    asked.object("left")
    asked.add(vc.Point((16.0, 18.0, 16.0)))
    asked.object("right")
    asked.add(vc.Point((24.0, 18.0, 16.0)))
    left, right = asked.mask("left").array, asked.mask("right").array
    assert not (left & right).any()
    assert left[17, 18, 16]
    assert right[23, 18, 16]
    assert asked.labelmap().names == {1: "left", 2: "right"}


def test_objects_may_overlap_when_asked() -> None:
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    asked = Session(volume, RegionGrowing(), overlap="allow")
    for name, at in (("left", (16.0, 18.0, 16.0)), ("right", (24.0, 18.0, 16.0))):
        asked.object(name)
        asked.add(vc.Point(at))
    assert (asked.mask("left").array & asked.mask("right").array).any()


def test_undo_in_one_object_gives_the_other_back_what_it_lost() -> None:
    asked, _ = session()
    asked.object("left")
    asked.add(vc.Point((16.0, 18.0, 16.0)))
    alone = asked.mask("left").array
    asked.object("right")
    asked.add(vc.Point((24.0, 18.0, 16.0)))
    change = asked.undo()
    assert np.array_equal(asked.mask("left").array, alone)
    assert not change.box.empty


def test_each_object_has_its_own_undo() -> None:
    asked, _ = session()
    asked.object("a")
    asked.add(vc.Point(CENTRE))
    asked.object("b")
    asked.add(vc.Point((2.0, 2.0, 2.0)))
    asked.object("a")
    asked.undo()
    assert asked.mask("a").voxels == 0
    assert asked.mask("b").voxels > 0


def test_the_session_says_why_a_click_could_not_be_obeyed() -> None:
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    asked = Session(volume, RegionGrowing(), overlap="first")
    asked.object("first")
    asked.add(vc.Point(CENTRE))
    asked.object("second")
    change = asked.add(vc.Point(CENTRE))
    assert not asked.mask("second").array[20, 18, 16]
    assert "stay with 'first'" in change.notes[0]


def test_of_two_objects_clicked_in_one_voxel_the_later_gets_it() -> None:
    asked, _ = session()
    asked.object("first")
    asked.add(vc.Point(CENTRE))
    asked.object("second")
    asked.add(vc.Point(CENTRE))
    assert asked.mask("second").array[20, 18, 16]
    assert not asked.mask("first").array[20, 18, 16]


BAD_PROMPTS = {
    "outside": (vc.Point((40, 0, 0)), PromptError),
    "just outside": (vc.Point((-0.6, 0, 0)), PromptError),
    "box outside": (vc.Box((50, 50, 50), (60, 60, 60)), PromptError),
    "scribble leaving": (vc.Scribble(np.array([[1.0, 1, 1], [1.0, 1, 99]])), PromptError),
    "mask elsewhere": (vc.MaskPrompt(ball(GRIDS["flipped"], CENTRE, 5.0)), GridMismatchError),
}


@pytest.mark.parametrize("case", BAD_PROMPTS)
def test_a_bad_prompt_is_an_error_and_leaves_everything_as_it_was(case: str) -> None:
    prompt, error = BAD_PROMPTS[case]
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    before = asked.mask().array
    with pytest.raises(error):
        asked.add(prompt)
    assert np.array_equal(asked.mask().array, before)
    assert len(asked.log.objects[0].steps) == 1
    with pytest.raises(error):
        asked.add(prompt, to="never opened")
    assert asked.objects == ("object_1",)


def test_a_positive_and_a_negative_click_in_one_voxel_contradict_each_other() -> None:
    asked, _ = session()
    asked.add(vc.Point(CENTRE))
    with pytest.raises(PromptError, match="one way only"):
        asked.add(vc.Point((20.2, 18.0, 16.0), positive=False))


def test_unknown_objects_labels_and_rules_are_errors() -> None:
    asked, _ = session()
    asked.object("liver", label=5)
    with pytest.raises(OptionError):
        asked.object("spleen", label=5)
    with pytest.raises(OptionError):
        asked.object("liver", label=6)
    with pytest.raises(UnknownNameError):
        asked.mask("kidney")
    with pytest.raises(OptionError):
        Session(asked.volume, asked.segmenter, overlap="both")


def test_prompts_from_many_threads_come_one_after_the_other() -> None:
    asked, _ = large()
    points = [vc.Point((40, 40, 20 + 4 * n)) for n in range(8)]
    threads = [threading.Thread(target=asked.add, args=(point,)) for point in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked.log.objects[0].steps) == 8
    assert all(asked.mask().array[40, 40, 20 + 4 * n] for n in range(8))


def test_the_log_replayed_gives_the_same_masks_whatever_was_undone() -> None:
    asked, _ = session()
    asked.object("a")
    asked.add(vc.Point((16.0, 18.0, 16.0)))
    asked.object("b")
    asked.add(vc.Point((24.0, 18.0, 16.0)))
    asked.add(vc.Point((24.0, 20.0, 16.0)))
    asked.object("a")
    asked.add(vc.Point((18.0, 16.0, 16.0), positive=False))
    asked.undo()
    asked.object("b")
    asked.undo()
    again = vc.replay(asked.volume, asked.log, RegionGrowing())
    assert np.array_equal(again.labelmap().array, asked.labelmap().array)


def test_what_was_encoded_ahead_is_not_encoded_at_the_click() -> None:
    volume, _ = bright_ball(Grid((150, 150, 150), np.eye(4)), (70, 70, 70), 40.0)
    segmenter = RegionGrowing()
    session = vc.Session(volume, segmenter)
    session.add(vc.Point((70, 70, 70)), refinements=0)
    before, mask = segmenter.encoded, session.mask().array
    ahead = session.encode_ahead(views=2)
    assert ahead == segmenter.encoded - before == 2
    np.testing.assert_array_equal(session.mask().array, mask)
    while session.encode_ahead(views=4):
        pass
    encoded = segmenter.encoded
    session.add(vc.Point((70, 70, 106)))
    assert segmenter.encoded == encoded


def test_nothing_is_encoded_ahead_of_the_first_prompt() -> None:
    volume, _ = bright_ball(GRIDS["straight"], (20, 18, 16), 8.0)
    assert vc.Session(volume, RegionGrowing()).encode_ahead(views=5) == 0
