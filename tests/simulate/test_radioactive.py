"""RadioActive's users."""

import numpy as np
import pytest

from voxclick.errors import OptionError
from voxclick.geometry import Grid
from voxclick.simulate.radioactive import InterpolatedBoxUser, RadioactiveUser, SlicePointsUser
from voxclick.volume import Mask

GRID = Grid((30, 30, 20), np.eye(4))


def cuboid(*ranges):
    array = np.zeros(GRID.shape, dtype=np.bool_)
    array[tuple(slice(*pair) for pair in ranges)] = True
    return array


def asked(user, truth, predicted, seed=0):
    masks = Mask(truth, GRID), Mask(predicted, GRID)
    return user.next_prompt(*masks, np.random.default_rng(seed))


def test_what_is_missing_is_marked_in_its_middle_on_every_slice():
    truth = cuboid((5, 16), (10, 21), (4, 12))
    prompt = asked(RadioactiveUser(), truth, np.zeros_like(truth))
    assert prompt.positive
    assert prompt.voxels().tolist() == [[10, 15, k] for k in range(4, 12)]


def test_what_is_too_much_is_marked_where_it_touches_the_truth():
    truth = cuboid((10, 16), (10, 16), (5, 10))
    predicted = cuboid((8, 18), (10, 16), (5, 10))
    prompt = asked(RadioactiveUser(), truth, predicted)
    assert not prompt.positive
    voxels = prompt.voxels()
    assert len(np.unique(voxels[:, 1])) == 1
    assert set(voxels[:, 0]) == {9, 16}


def test_where_the_truth_is_not_a_column_of_the_surplus_is_marked():
    truth = cuboid((2, 6), (2, 6), (5, 10))
    predicted = truth | cuboid((15, 25), (20, 22), (5, 10))
    prompt = asked(RadioactiveUser(), truth, predicted)
    voxels = prompt.voxels()
    assert not prompt.positive
    assert len(voxels) == 10
    assert len(np.unique(voxels[:, 1])) == len(np.unique(voxels[:, 2])) == 1


def test_where_the_surplus_is_away_from_the_truth_three_of_its_voxels_are_marked():
    truth = cuboid((2, 6), (2, 26), (5, 10))
    predicted = truth | cuboid((15, 25), (20, 22), (5, 10))
    prompt = asked(RadioactiveUser(), truth, predicted)
    voxels = prompt.voxels()
    assert len(voxels) == 3
    assert (predicted & ~truth)[tuple(voxels.T)].all()


def test_the_share_of_the_surplus_decides_which_is_marked():
    truth = cuboid((5, 10), (5, 10), (0, 10))
    predicted = cuboid((5, 10), (5, 10), (5, 20))  # 5 slices missing, 10 too much
    signs = [asked(RadioactiveUser(), truth, predicted, seed).positive for seed in range(300)]
    assert np.mean(signs) == pytest.approx(1 / 3, abs=0.08)


def test_points_are_drawn_from_the_object_on_every_slice():
    truth = cuboid((5, 16), (10, 21), (4, 12))
    masks = Mask(truth, GRID), Mask(np.zeros_like(truth), GRID)
    points = SlicePointsUser(points=3).next_prompts(*masks, np.random.default_rng(0))
    slices = [int(point.at[2]) for point in points]
    assert slices == [k for k in range(4, 12) for _ in range(3)]
    assert all(truth[tuple(int(v) for v in point.at)] for point in points)
    five = SlicePointsUser(slices=5).next_prompts(*masks, np.random.default_rng(0))
    assert len({point.at[2] for point in five}) == 5


def test_boxes_between_the_drawn_slices_lie_in_between():
    truth = np.zeros(GRID.shape, dtype=np.bool_)
    for k in range(3, 14):
        truth[5 : 5 + k, 5:10, k] = True
    masks = Mask(truth, GRID), Mask(np.zeros_like(truth), GRID)
    boxes = InterpolatedBoxUser().next_prompts(*masks, np.random.default_rng(0))
    assert [(box.start, box.stop) for box in boxes] == [
        ((5, 5, k), (5 + k, 10, k + 1)) for k in range(3, 14)
    ]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (SlicePointsUser, {"points": 0}),
        (SlicePointsUser, {"axis": 3}),
        (InterpolatedBoxUser, {"slices": 1}),
        (RadioactiveUser, {"axis": 5}),
    ],
    ids=str,
)
def test_an_impossible_option_is_an_error(kind, wrong):
    with pytest.raises(OptionError):
        kind(**wrong)
