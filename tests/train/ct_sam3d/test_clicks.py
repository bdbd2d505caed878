"""The simulated user of CT-SAM3D's training."""

from collections import Counter

import numpy as np
import pytest

from voxclick.train.ct_sam3d.clicks import first_points, next_click

TRUTH = np.zeros((24, 24, 24), dtype=np.bool_)
TRUTH[6:17, 6:17, 6:17] = True


def draws(count, most=24, gamma=0.7):
    generator = np.random.default_rng(0)
    return [first_points(TRUTH, most, gamma, generator) for _ in range(count)]


def test_every_point_says_what_is_there():
    for points in draws(50):
        assert all(TRUTH[each.at] == each.positive for each in points)


def test_each_further_point_is_less_likely_by_gamma():
    drawn = draws(1500, gamma=0.5)
    positives = Counter(sum(each.positive for each in points) for points in drawn)
    negatives = Counter(sum(not each.positive for each in points) for points in drawn)
    assert 0 not in positives
    assert positives[2] / positives[1] == pytest.approx(0.5, abs=0.1)
    assert negatives[1] / negatives[0] == pytest.approx(0.5, abs=0.1)
    assert negatives[2] / negatives[1] == pytest.approx(0.5, abs=0.1)


def test_there_are_at_most_so_many_points_of_a_sign():
    drawn = draws(500, most=3, gamma=1.0)
    assert max(sum(each.positive for each in points) for points in drawn) == 3
    assert max(sum(not each.positive for each in points) for points in drawn) == 3


def test_half_of_the_first_points_lie_deepest_inside():
    deepest = sum(points[0].at == (11, 11, 11) for points in draws(400))
    assert 0.4 < deepest / 400 < 0.6


def test_an_empty_object_gets_negative_points_only():
    generator = np.random.default_rng(0)
    for _ in range(20):
        points = first_points(np.zeros_like(TRUTH), 5, 0.9, generator)
        assert not any(each.positive for each in points)


def test_the_next_click_lies_in_the_error():
    found = np.zeros_like(TRUTH)
    found[6:12, 6:17, 6:17] = True
    found[20:, 20:, 20:] = True
    generator = np.random.default_rng(0)
    signs = set()
    for _ in range(20):
        click = next_click(TRUTH, found, generator)
        assert TRUTH[click.at] != found[click.at]
        assert click.positive == TRUTH[click.at]
        signs.add(click.positive)
    assert signs == {True, False}


def test_nothing_is_clicked_where_nothing_is_wrong():
    assert next_click(TRUTH, TRUTH, np.random.default_rng(0)) is None
