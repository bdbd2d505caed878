"""Slice by slice with a family whose answers can be computed by hand."""

import numpy as np
import pytest
from phantoms import GRIDS
from slice_growing import SliceGrowing

import voxclick as vc
from voxclick.engine.growth.slices import EMPTY, REACH, SAME
from voxclick.geometry import Grid
from voxclick.metrics.overlap import dice

LONG = Grid((40, 36, 120), np.diag([1.0, 1.0, 2.5, 1.0]))


def column(grid: Grid, axis: int = 2, start: int = 0, stop: int | None = None) -> vc.Mask:
    """A slanting bar along an axis, between two slices."""
    places = np.indices(grid.shape)
    a, b = (other for other in range(3) if other != axis)
    along = places[axis]
    shift = along * 8.0 / grid.shape[axis]
    inside = (np.abs(places[a] - 12 - shift) <= 4) & (np.abs(places[b] - 14) <= 5)
    stop = grid.shape[axis] if stop is None else stop
    return vc.Mask(inside & (along >= start) & (along < stop), grid)


def volume(mask: vc.Mask) -> vc.Volume:
    return vc.Volume(np.where(mask.array, 200, 0).astype(np.int16), mask.grid)


def middle(mask: vc.Mask, axis: int, number: int) -> vc.Point:
    places = np.argwhere(np.take(mask.array, number, axis=axis)).mean(axis=0).round()
    i, j, k = np.insert(places, axis, number)
    return vc.Point((float(i), float(j), float(k)))


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_on_one_slice_finds_the_object_on_all_of_them(name: str) -> None:
    grid = GRIDS[name]
    axis = int(np.argmax(np.round(grid.spacing_mm, 3)[::-1]))
    truth = column(grid, 2 - axis)
    asked = vc.Session(volume(truth), SliceGrowing())
    changes = list(asked.stream(middle(truth, 2 - axis, 10)))
    assert np.array_equal(asked.mask().array, truth.array)
    assert len(changes) == grid.shape[2 - axis]
    assert [change.final for change in changes] == [False] * (len(changes) - 1) + [True]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("number", [0, 15, 31])
def test_a_prompt_on_a_slice_says_along_which_axis(axis: int, number: int) -> None:
    truth = column(GRIDS["straight"], axis)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    start, stop = np.zeros(3), np.array(truth.grid.shape, dtype=float)
    at = np.array(middle(truth, axis, number).at)
    start, stop = at - 6, at + 6
    start[axis], stop[axis] = number, number + 1
    asked.add(vc.Box(tuple(start), tuple(stop)))
    assert np.array_equal(asked.mask().array, truth.array)
    assert len(segmenter.tracked) == truth.grid.shape[axis] - 1


def test_a_direction_ends_soon_after_the_object_does() -> None:
    truth = column(LONG, start=50, stop=70)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 60))
    assert np.array_equal(asked.mask().array, truth.array)
    assert sorted(segmenter.tracked) == [*range(50 - EMPTY, 60), *range(61, 70 + EMPTY)]


def test_an_object_is_followed_so_far_and_no_farther() -> None:
    truth = column(LONG)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 100))
    assert min(segmenter.tracked) == 100 - REACH
    assert max(segmenter.tracked) == 119
    assert not asked.mask().array[:, :, : 100 - REACH].any()


def test_a_box_says_between_which_slices() -> None:
    truth = column(LONG)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(vc.Box((0, 0, 40), (40, 36, 52)))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert (slices.min(), slices.max()) == (40, 51)


def test_a_second_object_encodes_no_slice_again() -> None:
    truth = column(LONG, start=50, stop=70)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 60))
    encoded = segmenter.encoded
    asked.add(middle(truth, 2, 61), to="another")
    asked.add(middle(truth, 2, 55))
    assert segmenter.encoded == encoded


def test_a_correction_goes_no_farther_than_to_what_it_changes() -> None:
    truth = column(LONG, start=40, stop=90)
    array = volume(truth).array.copy()
    array[30:34, 10:20, 72] = 200  # an island on one slice, in touch with nothing
    segmenter = SliceGrowing()
    asked = vc.Session(vc.Volume(array, LONG), segmenter)
    asked.add(middle(truth, 2, 60))
    segmenter.tracked.clear()
    asked.add(vc.Point((31.0, 15.0, 72.0)))
    assert asked.mask().array[31, 15, 72]
    assert sorted(segmenter.tracked) == [*range(72 - SAME, 72), *range(73, 73 + SAME)]


def test_a_correction_sees_the_earlier_clicks_of_its_slice() -> None:
    truth = column(LONG, start=40, stop=90)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    for count in range(3):
        first = middle(truth, 2, 60).at
        asked.add(vc.Point((first[0] + count, first[1], first[2])))
    assert segmenter.prompted == [1, 2, 3]


def test_each_slice_is_found_from_the_prompted_one_nearest_to_it() -> None:
    truth = column(LONG, start=20, stop=100)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    drawn = truth.array.copy()
    asked.add(vc.MaskPrompt(vc.Mask(drawn, LONG), axis=2, slices=[30, 60, 90]))
    assert np.array_equal(asked.mask().array, truth.array)
    assert sorted(segmenter.tracked) == sorted({*range(20 - EMPTY, 100 + EMPTY)} - {30, 60, 90})


def test_where_the_object_ends_after_a_correction_the_rest_goes() -> None:
    truth = column(LONG, start=40, stop=60)
    leak = column(LONG, start=62, stop=80)
    both = vc.Mask(truth.array | leak.array, LONG)
    bridge = both.array.copy()
    bridge[15:18, 14, 60:62] = True
    asked = vc.Session(volume(vc.Mask(bridge, LONG)), SliceGrowing())
    asked.add(middle(truth, 2, 50))
    assert asked.mask().array[:, :, 70].any()
    asked.add(vc.MaskPrompt(vc.Mask(np.zeros(LONG.shape, dtype=bool), LONG), axis=2, slices=[61]))
    found = asked.mask().array
    assert not found[:, :, 61:].any()
    assert np.array_equal(found[:, :, 40:60], truth.array[:, :, 40:60])


def test_undo_redo_and_replay_hold() -> None:
    truth = column(LONG, start=40, stop=90)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(middle(truth, 2, 60))
    first = asked.mask().array
    asked.add(vc.Point((2.0, 2.0, 70.0), positive=False))
    asked.add(middle(truth, 2, 80))
    last = asked.mask().array
    asked.undo()
    asked.undo()
    assert np.array_equal(asked.mask().array, first)
    asked.redo()
    asked.redo()
    assert np.array_equal(asked.mask().array, last)
    again = vc.replay(volume(truth), asked.log, SliceGrowing())
    assert np.array_equal(again.mask().array, last)


def test_what_was_cut_short_is_replayed_as_far_as_it_went() -> None:
    truth = column(LONG, start=40, stop=90)
    asked = vc.Session(volume(truth), SliceGrowing())
    stream = asked.stream(middle(truth, 2, 60))
    for _ in range(6):
        next(stream)
    asked.add(middle(truth, 2, 75))
    assert list(stream) == []
    again = vc.replay(volume(truth), asked.log, SliceGrowing())
    assert np.array_equal(again.mask().array, asked.mask().array)


def test_a_new_prompt_goes_on_with_what_the_one_before_left_undone() -> None:
    truth = column(LONG, start=40, stop=90)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 50), refinements=3)
    asked.add(middle(truth, 2, 80))
    assert np.array_equal(asked.mask().array, truth.array)
    assert len(segmenter.tracked) == len(set(segmenter.tracked))


def test_clicks_correct_a_mask_that_was_given_whole() -> None:
    truth = column(LONG, start=40, stop=90)
    given = truth.array.copy()
    given[:, :, 60:] = False
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(vc.MaskPrompt(vc.Mask(given, LONG)))
    assert np.array_equal(asked.mask().array, given)
    asked.add(middle(truth, 2, 59))
    assert dice(truth, asked.mask()) == 1.0


@pytest.mark.parametrize(
    "prompt",
    [
        vc.Scribble(np.stack([np.full(20, 16.0), np.full(20, 14.0), np.arange(50.0, 70)], axis=1)),
        vc.Lasso([[9, 8, 60], [24, 8, 60], [24, 20, 60], [9, 20, 60]], axis=2),
        vc.Lasso([[9, 14, 50], [24, 14, 50], [24, 14, 70], [9, 14, 70]], axis=1),
        vc.Box((8, 6, 38), (26, 22, 92)),
        vc.Box((16, 6, 38), (17, 22, 92)),
    ],
    ids=["stroke", "lasso", "lasso across", "box", "box across"],
)
def test_every_kind_of_prompt_lands_on_slices(prompt: vc.Scribble | vc.Lasso | vc.Box) -> None:
    truth = column(LONG, start=40, stop=90)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(middle(truth, 2, 45), refinements=0)  # sets the axis
    asked.add(prompt)
    assert dice(truth, asked.mask()) > 0.9


def test_the_published_order_lets_the_way_down_know_the_way_up() -> None:
    truth = column(LONG, start=40, stop=90)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter, growth="slices-published")
    asked.add(middle(truth, 2, 60))
    ups = [number for number in segmenter.tracked if number > 60]
    assert segmenter.tracked == [*sorted(ups), *sorted({*segmenter.tracked} - {*ups})[::-1]]
    assert np.array_equal(asked.mask().array, truth.array)


def test_slices_near_the_prompt_are_encoded_ahead() -> None:
    truth = column(LONG, start=40, stop=90)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 60), refinements=0)
    assert asked.encode_ahead(5) == 5
    before = segmenter.encoded
    asked.add(middle(truth, 2, 61), refinements=0)
    assert segmenter.encoded == before


def test_scores_tell_of_every_slice_that_was_looked_at() -> None:
    truth = column(LONG, start=50, stop=70)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.object("tube")
    assert asked.scores() is None
    asked.add(middle(truth, 2, 60))
    scores = asked.scores("tube")
    assert scores is not None
    assert scores.axis == 2
    assert scores.numbers == tuple(range(50 - EMPTY, 70 + EMPTY))
    assert scores.prompted == (60,)
    assert all(0 <= one <= 1 for one in scores.quality)


@pytest.mark.parametrize("number", [50, 53])
def test_a_prompt_that_comes_in_between_leaves_no_slice_out(number: int) -> None:
    truth = column(LONG, start=10, stop=100)
    asked = vc.Session(volume(truth), SliceGrowing())
    stream = asked.stream(middle(truth, 2, 50))
    for _ in range(31):
        next(stream)
    asked.add(middle(truth, 2, number))
    assert np.array_equal(asked.mask().array, truth.array)


def test_a_box_bounds_what_an_earlier_click_found() -> None:
    truth = column(LONG, start=10, stop=100)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(middle(truth, 2, 50))
    asked.add(vc.Box((0, 0, 40), (40, 36, 60)))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert (slices.min(), slices.max()) == (40, 59)
    asked.undo()
    assert np.array_equal(asked.mask().array, truth.array)


def test_the_newest_box_says_between_which_slices() -> None:
    truth = column(LONG, start=10, stop=100)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(vc.Box((0, 0, 40), (40, 36, 60)))
    asked.add(vc.Box((0, 0, 20), (40, 36, 80)))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert slices.tolist() == [*range(20, 80)]


def test_a_click_outside_the_box_widens_it() -> None:
    truth = column(LONG, start=10, stop=100)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(vc.Box((0, 0, 40), (40, 36, 60)))
    asked.add(middle(truth, 2, 80))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert slices.tolist() == [*range(40, 81)]


def test_between_two_far_clicks_nothing_is_left_out() -> None:
    grid = Grid((26, 22, 260), np.diag([1.0, 1.0, 2.5, 1.0]))
    truth = column(grid)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(middle(truth, 2, 30))
    asked.add(middle(truth, 2, 220))
    assert np.array_equal(asked.mask().array, truth.array)
    assert len(segmenter.tracked) == len(set(segmenter.tracked))


def test_the_way_goes_on_to_a_slice_that_was_drawn_empty_before() -> None:
    truth = column(LONG, start=31, stop=100)
    asked = vc.Session(volume(truth), SliceGrowing())
    nothing = vc.Mask(np.zeros(LONG.shape, dtype=bool), LONG)
    asked.add(vc.MaskPrompt(nothing, axis=2, slices=[30]))
    asked.add(middle(truth, 2, 60))
    assert np.array_equal(asked.mask().array, truth.array)


def test_the_published_order_goes_to_both_ends_whatever_it_finds() -> None:
    grid = Grid((26, 22, 200), np.diag([1.0, 1.0, 2.5, 1.0]))
    truth = column(grid, start=90, stop=110)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter, growth="slices-published")
    asked.add(middle(truth, 2, 100))
    assert segmenter.tracked == [*range(101, 200), *range(99, -1, -1)]
    assert np.array_equal(asked.mask().array, truth.array)


def test_a_negative_click_where_nothing_is_invents_nothing() -> None:
    truth = column(LONG, start=50, stop=70)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    asked.add(vc.Point((2.0, 2.0, 60.0), positive=False))
    assert segmenter.prompted == []
    asked.add(middle(truth, 2, 60))
    assert segmenter.prompted == [2]
    asked.add(vc.Point((2.0, 2.0, 5.0), positive=False))
    assert segmenter.prompted == [2]
    assert np.array_equal(asked.mask().array, truth.array)


def test_every_click_on_a_tracked_slice_is_answered_with_the_memory_of_others() -> None:
    truth = column(LONG, start=50, stop=70)
    segmenter = SliceGrowing()
    asked = vc.Session(volume(truth), segmenter)
    for number in (60, 60, 65, 65):
        at = middle(truth, 2, number).at
        asked.add(vc.Point((at[0] + len(segmenter.prompted) % 2, at[1], at[2])))
    assert segmenter.recalled == [None, None, (60,), (60,)]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_of_one_slice_is_that_slice(axis: int) -> None:
    shape = [40, 36, 32]
    shape[axis] = 1
    truth = column(Grid((shape[0], shape[1], shape[2]), np.eye(4)), axis)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(middle(truth, axis, 0))
    assert np.array_equal(asked.mask().array, truth.array)
    scores = asked.scores()
    assert scores is not None
    assert (scores.axis, scores.numbers) == (axis, (0,))


def test_a_negative_stroke_may_lead_out_of_the_object() -> None:
    truth = column(LONG, start=50, stop=70)
    asked = vc.Session(volume(truth), SliceGrowing())
    asked.add(middle(truth, 2, 60))
    places = [middle(truth, 2, number).at for number in (66, 67, 68, 69, 69)]
    places[-1] = (places[-1][0], places[-1][1], 71.0)
    asked.add(vc.Scribble(np.array(places), positive=False))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert slices.tolist() == [*range(50, 66)]


def test_one_way_may_be_enough() -> None:
    truth = column(LONG, start=50, stop=70)
    asked = vc.Session(volume(truth), SliceGrowing(), growth="slices-up")
    asked.add(middle(truth, 2, 60))
    slices = np.flatnonzero(asked.mask().array.any(axis=(0, 1)))
    assert slices.tolist() == [*range(60, 70)]
