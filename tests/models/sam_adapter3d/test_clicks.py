"""Prompts of every kind become a few points."""

import numpy as np

import voxclick as vc
from voxclick.models.layers.places import FEW, spread
from voxclick.models.sam_adapter3d.clicks import MOST, points_of

SHAPE = (32, 32, 32)


def test_a_point_is_itself_with_its_sign():
    points = points_of([vc.Point((3.5, 4, 5)), vc.Point((9, 9, 9), positive=False)], SHAPE, None)
    assert points.at.tolist() == [[3.5, 4, 5], [9, 9, 9]]
    assert points.positive.tolist() == [True, False]


def test_a_scribble_gives_a_few_of_its_voxels_from_end_to_end():
    line = np.stack([np.arange(4.0, 29), np.full(25, 8.0), np.full(25, 9.0)], axis=1)
    at = points_of([vc.Scribble(line)], SHAPE, None).at
    assert len(at) == FEW
    assert {4.0, 28.0} <= set(at[:, 0])


def test_a_box_gives_its_middle_and_stays_in_the_view():
    at = points_of([vc.Box((4, 6, 8), (9, 13, 31)), vc.Box((20, 0, 0), (60, 5, 5))], SHAPE, None).at
    assert at.tolist() == [[6, 9, 19], [25.5, 2, 2]]


def test_a_lasso_gives_points_of_its_inner_half():
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    outline = np.stack([16 + 9 * np.cos(turn), 16 + 9 * np.sin(turn), np.full(16, 5.0)], axis=1)
    at = points_of([vc.Lasso(outline, axis=2)], SHAPE, None).at
    assert len(at) == FEW
    assert (np.linalg.norm(at - (16, 16, 5), axis=1) < 7).all()


def test_without_a_positive_prompt_the_mask_so_far_is_asked_for():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[8:20, 8:20, 8:20] = True
    at = points_of([vc.Point((9, 9, 9), positive=False)], SHAPE, mask).at
    assert len(at) == FEW + 1
    assert mask[tuple(at[:FEW].astype(int).T)].all()


def test_nothing_asked_and_nothing_known_gives_no_point():
    assert len(points_of([], SHAPE, None).at) == 0
    assert len(points_of([], SHAPE, np.zeros(SHAPE, dtype=bool)).at) == 0


def test_the_newest_points_are_kept_where_there_are_many():
    clicks = [vc.Point((float(n), 5, 5)) for n in range(20)]
    at = points_of(clicks, SHAPE, None).at
    assert at[:, 0].tolist() == list(range(20 - MOST, 20))


def test_places_that_are_one_are_given_once():
    assert len(spread(np.zeros((7, 3)))) == 1
