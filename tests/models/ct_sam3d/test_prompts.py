import numpy as np
import pytest

from voxclick.models.ct_sam3d.prompts import BEYOND, MOST, clicks_of
from voxclick.prompts import BoxPrompt, Lasso, Point, Scribble

SHAPE = (64, 64, 64)


def test_points_are_themselves_in_the_order_they_came() -> None:
    told = clicks_of([Point((9.4, 8.0, 7.6)), Point((1.0, 2.0, 3.0), positive=False)], SHAPE)
    assert told.at.tolist() == [[9, 8, 8], [1, 2, 3]]
    assert told.labels.tolist() == [1, 0]


def test_a_box_is_its_middle_and_what_lies_beyond_its_faces() -> None:
    told = clicks_of([BoxPrompt((10, 20, 30), (21, 31, 41))], SHAPE)
    assert told.at[0].tolist() == [15, 25, 35]
    assert told.labels.tolist() == [1, 0, 0, 0, 0, 0, 0]
    outside = told.at[1:]
    inside = ((outside >= [10, 20, 30]) & (outside < [21, 31, 41])).all(axis=1)
    assert not inside.any()
    assert outside[:, 0].min() == 10 - BEYOND
    assert outside[:, 0].max() == 20 + BEYOND


def test_a_box_on_one_slice_says_nothing_of_the_others() -> None:
    told = clicks_of([BoxPrompt((10, 20, 30), (21, 31, 31))], SHAPE)
    assert set(told.at[:, 2]) == {30}


def test_the_faces_of_a_box_beyond_the_patch_are_left_out() -> None:
    told = clicks_of([BoxPrompt((-5, 20, 30), (70, 31, 41))], SHAPE)
    assert len(told.at) == 5


@pytest.mark.parametrize("positive", [True, False])
def test_a_stroke_is_a_few_of_its_voxels_far_from_each_other(positive: bool) -> None:
    line = np.stack([np.arange(4.0, 60), np.full(56, 9.0), np.full(56, 11.0)], axis=1)
    told = clicks_of([Scribble(line, positive)], SHAPE)
    assert 3 <= len(told.at) <= 6
    assert np.ptp(told.at[:, 0]) > 40
    assert set(told.labels) == {int(positive)}


def test_a_lasso_is_a_few_voxels_of_its_inner_half() -> None:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([30 + 10 * np.cos(turn), 30 + 10 * np.sin(turn), np.full(24, 5.0)], axis=1)
    told = clicks_of([Lasso(ring, axis=2)], SHAPE)
    assert len(told.at) >= 3
    assert np.linalg.norm(told.at[:, :2] - 30, axis=1).max() < 8
    assert set(told.at[:, 2]) == {5}


def test_of_many_clicks_on_one_side_the_newest_are_told() -> None:
    many = [Point((float(n), 5.0, 5.0)) for n in range(40)]
    told = clicks_of([Point((60.0, 60.0, 60.0), positive=False), *many], SHAPE)
    assert int(told.labels.sum()) == MOST
    assert told.at[-1, 0] == 39
    assert (told.labels == 0).sum() == 1


def test_no_prompt_is_no_click() -> None:
    assert len(clicks_of([], SHAPE).at) == 0
