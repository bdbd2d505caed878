import numpy as np
import pytest

import voxclick as vc
from voxclick.errors import PromptError
from voxclick.models.slices.clicks import clicks
from voxclick.models.slices.plane import Plane

PLANE = Plane(axis=2, rows=1, columns=0, flipped=())
SHAPE = (64, 64, 1)


def asked(*prompts):
    points, labels = clicks(prompts, PLANE, SHAPE)
    return points.tolist(), labels.tolist()


def test_clicks_keep_their_order_and_sign():
    one, two = vc.Point((5, 6, 0)), vc.Point((7, 8, 0), positive=False)
    assert asked(one, two) == ([[5, 6], [7, 8]], [1, 0])


def test_the_newest_box_comes_first_by_its_outer_pixels():
    old, new = vc.Box((1, 2, 0), (3, 4, 1)), vc.Box((10, 20, 0), (30, 50, 1))
    points, labels = asked(old, vc.Point((15, 30, 0)), new)
    assert points == [[10, 20], [29, 49], [15, 30]]
    assert labels == [2, 3, 1]


def test_a_box_on_a_flipped_slice_still_runs_from_its_first_corner():
    flipped = Plane(axis=2, rows=1, columns=0, flipped=(0,))
    points, _ = clicks([vc.Box((10, 20, 0), (30, 50, 1))], flipped, SHAPE)
    assert points.tolist() == [[34, 20], [53, 49]]


def test_what_reaches_beyond_the_slice_is_kept_inside():
    points, _ = asked(vc.Box((-10, 20, 0), (90, 50, 1)))
    assert points == [[-0.5, 20], [63.5, 49]]


def test_a_stroke_becomes_clicks_along_it():
    line = np.stack([np.arange(40.0), np.full(40, 9.0), np.zeros(40)], axis=1)
    points, labels = asked(vc.Scribble(line, positive=False))
    assert len(points) == 8
    assert labels == [0] * 8
    assert points[0][0] < 4
    assert points[-1][0] > 35


def test_a_lasso_is_the_box_around_it_and_a_click_inside():
    corners = np.array([[10, 20, 0], [30, 20, 0], [30, 40, 0], [10, 40, 0]], dtype=float)
    points, labels = asked(vc.Lasso(corners, axis=2))
    assert points[:2] == [[10, 20], [30, 40]]
    assert labels == [2, 3, 1]
    assert points[2] == pytest.approx([20, 30], abs=1)


def test_a_negative_box_is_a_click_in_its_middle():
    assert asked(vc.Box((10, 20, 0), (31, 41, 1), positive=False)) == ([[20, 30]], [0])


def test_nothing_to_say_is_told():
    with pytest.raises(PromptError, match="click or a box"):
        asked()
