"""Corrections of an answer that knows nothing of them."""

import numpy as np
import pytest

import voxclick as vc
from voxclick.models.sam_adapter3d.correction import Ground, settled

SIDE = 48
FIRST, SECOND = (16, 24, 24), (33, 24, 24)


def ball(centre, radius):
    away = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1) - centre
    return np.linalg.norm(away, axis=-1) <= radius


BOTH = ball(FIRST, 9) | ball(SECOND, 9)


def answer(mask, sure=8.0):
    return np.where(mask, sure, -sure).astype(np.float32)


def ground(mask=BOTH, contrast=100.0):
    noise = np.random.default_rng(3).normal(0, 5, (SIDE,) * 3)
    return Ground.of((np.where(mask, contrast, 0.0) + noise).astype(np.float32))


def share(found, of):
    return (found & of).sum() / of.sum()


def test_a_first_click_gets_the_part_of_the_answer_that_holds_it():
    apart = ball((12, 24, 24), 6) | ball((36, 24, 24), 6)
    found = settled(answer(apart), ground(apart), [vc.Point((12, 24, 24))], None) > 0
    np.testing.assert_array_equal(found, ball((12, 24, 24), 6))


def test_an_answer_that_misses_the_click_is_kept_with_the_clicked_voxel():
    found = settled(answer(ball(FIRST, 5)), ground(), [vc.Point((40, 40, 40))], None) > 0
    assert found[40, 40, 40]
    assert share(found, ball(FIRST, 5)) == 1


def test_a_negative_click_cuts_far_more_than_its_voxel_and_spares_the_object():
    clicks = [vc.Point(FIRST), vc.Point(SECOND, positive=False)]
    found = settled(answer(BOTH), ground(), clicks, BOTH) > 0
    assert not found[SECOND]
    assert share(found, ball(SECOND, 8) & ~ball(FIRST, 9)) < 0.1
    assert share(found, ball(FIRST, 8)) > 0.98


@pytest.mark.parametrize("sure", [1.0, 30.0])
def test_however_sure_the_answer_is_it_is_cut(sure):
    clicks = [vc.Point(FIRST), vc.Point(SECOND, positive=False)]
    found = settled(answer(BOTH, sure), ground(), clicks, None) > 0
    assert share(found, ball(SECOND, 7)) < 0.1
    assert share(found, ball(FIRST, 7)) > 0.98


def test_a_negative_click_alone_cuts_the_mask_so_far():
    found = settled(answer(BOTH), ground(), [vc.Point(SECOND, positive=False)], BOTH) > 0
    assert share(found, ball(SECOND, 6)) < 0.1
    assert share(found, ball(FIRST, 7)) > 0.9


def test_what_the_cut_separates_from_every_positive_click_goes_too():
    rod = np.zeros((SIDE,) * 3, dtype=bool)
    rod[3:45, 22:27, 22:27] = True
    clicks = [vc.Point((6, 24, 24)), vc.Point((22, 24, 24), positive=False)]
    found = settled(answer(rod), ground(rod), clicks, rod) > 0
    assert found[4:10, 24, 24].all()
    assert not found[20:45].any()


def test_a_later_click_does_not_bring_back_what_was_cut():
    clicks = [vc.Point(FIRST), vc.Point(SECOND, positive=False)]
    cut = settled(answer(BOTH), ground(), clicks, BOTH) > 0
    again = settled(answer(BOTH), ground(), [*clicks, vc.Point((14, 26, 24))], cut) > 0
    assert share(again, ball(SECOND, 7)) < 0.1
    assert share(again, ball(FIRST, 8)) > 0.98


def test_a_positive_click_adds_and_takes_nothing_away():
    clicks = [vc.Point(FIRST), vc.Point(SECOND)]
    found = settled(answer(ball(SECOND, 9)), ground(), clicks, ball(FIRST, 9)) > 0
    assert share(found, ball(SECOND, 9)) > 0.99
    assert share(found, ball(FIRST, 8)) > 0.99


def test_a_positive_click_that_the_answer_does_not_reach_adds_voxels_like_it():
    clicks = [vc.Point(FIRST), vc.Point(SECOND)]
    found = settled(answer(ball(FIRST, 9)), ground(), clicks, ball(FIRST, 9)) > 0
    gained = found & ~ball(FIRST, 9)
    assert gained.sum() > 40
    assert not (gained & ~BOTH).any()


def test_an_answer_that_agrees_with_the_mask_so_far_changes_nothing():
    np.testing.assert_array_equal(settled(answer(BOTH), ground(), [], BOTH) > 0, BOTH)


def test_an_answer_moves_the_boundary_of_the_mask_so_far_by_one_voxel_at_most():
    mask = ball((24, 24, 24), 9)
    for other in (ball((24, 24, 24), 18), ball((24, 24, 24), 3)):
        found = settled(answer(other), ground(mask), [], mask) > 0
        assert share(found, ball((24, 24, 24), 7)) == 1
        assert not (found & ~ball((24, 24, 24), 11)).any()


def test_nothing_lies_outside_a_box():
    box = vc.Box((8, 16, 16), (25, 33, 33))
    found = settled(answer(BOTH), ground(), [box], None) > 0
    assert share(found, ball(FIRST, 7)) > 0.99
    assert not found[25:].any()


def test_an_answer_that_heeds_negative_clicks_is_not_cut_again():
    clicks = [vc.Point(FIRST), vc.Point((33, 18, 24), positive=False)]
    found = settled(answer(BOTH), ground(), clicks, None, understood=True) > 0
    assert not found[33, 18, 24]
    assert share(found, ball(SECOND, 7)) > 0.95
