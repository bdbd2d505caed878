"""Boxes and clicks of the simulated user."""

import numpy as np

from voxclick.train.sam2_slices.prompting import Said, box_around, click_on

TRUTH = np.zeros((40, 60), dtype=np.bool_)
TRUTH[10:20, 30:50] = True


def test_a_box_s_corners_come_first_and_stray_no_more_than_they_may():
    exact = box_around(TRUTH, 0.0, 20, np.random.default_rng(0))
    assert exact == Said(((30.0, 10.0), (49.0, 19.0)), (2, 3))
    for seed in range(20):
        strayed = box_around(TRUTH, 5.0, 3, np.random.default_rng(seed))
        assert np.abs(np.array(strayed.points) - exact.points).max() <= 3


def test_a_click_lies_in_what_is_wrong_and_says_what_is_there():
    found = np.roll(TRUTH, 5, axis=1)
    for seed in range(20):
        said = click_on(TRUTH, found, Said(), np.random.default_rng(seed))
        x, y = (int(each) for each in said.points[0])
        assert TRUTH[y, x] != found[y, x]
        assert said.labels == (int(TRUTH[y, x]),)


def test_nothing_is_added_where_nothing_is_wrong():
    said = Said().add(1.0, 2.0, 1)
    assert click_on(TRUTH, TRUTH, said, np.random.default_rng(0)) is said
