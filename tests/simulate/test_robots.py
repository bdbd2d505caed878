"""Users who make mistakes."""

import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.errors import OptionError
from voxclick.simulate.robots import RobotClick
from voxclick.volume import Mask

GRID = GRIDS["anisotropic"]
TRUTH = ball(GRID, (20, 18, 16), 9.0)
SOME = ball(GRID, (20, 18, 16), 5.0)
EMPTY = Mask(np.zeros_like(TRUTH.array), GRID)
CAREFUL = {"offset_mm": 0.0, "wrong_sign": 0.0, "lazy": 0.0, "content": 1.0}


def clicks(user, predicted, count=80):
    return [user.next_prompt(TRUTH, predicted, np.random.default_rng(n)) for n in range(count)]


def test_a_careful_robot_clicks_errors_with_the_right_sign():
    for click in clicks(RobotClick(**CAREFUL), SOME, 20):
        i, j, k = (int(v) for v in click.at)
        assert TRUTH.array[i, j, k]
        assert not SOME.array[i, j, k]
        assert click.positive


def test_a_slip_is_in_millimetres():
    steady = [click.at for click in clicks(RobotClick(**CAREFUL), EMPTY)]
    slipped = [click.at for click in clicks(RobotClick(**{**CAREFUL, "offset_mm": 4.0}), EMPTY)]
    apart = (np.array(slipped) - np.array(steady)) * GRID.spacing_mm
    assert apart.std(axis=0) == pytest.approx([4.0, 4.0, 4.0], rel=0.25)


def test_signs_are_mixed_up_and_turns_let_pass_as_often_as_asked():
    told = clicks(RobotClick(**{**CAREFUL, "wrong_sign": 0.3, "lazy": 0.2}), SOME, 150)
    said = [click for click in told if click is not None]
    assert len(said) / len(told) == pytest.approx(0.8, abs=0.1)
    assert np.mean([not click.positive for click in said]) == pytest.approx(0.3, abs=0.1)


def test_the_first_click_is_always_given_and_has_the_right_sign():
    first = clicks(RobotClick(wrong_sign=1.0, lazy=1.0), EMPTY, 20)
    assert all(click is not None and click.positive for click in first)


def test_a_robot_that_is_content_says_nothing_more():
    dice = 2 * SOME.voxels / (SOME.voxels + TRUTH.voxels)
    user = RobotClick(**{**CAREFUL, "content": dice - 0.01})
    assert clicks(user, SOME, 5) == [None] * 5
    assert None not in clicks(RobotClick(**{**CAREFUL, "content": dice + 0.01}), SOME, 5)


@pytest.mark.parametrize(
    "wrong", [{"wrong_sign": 1.1}, {"lazy": -0.1}, {"content": 2.0}, {"offset_mm": -1.0}], ids=str
)
def test_an_impossible_mistake_is_an_error(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        RobotClick(**wrong)
