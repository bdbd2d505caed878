"""Pairs of neighbouring patches."""

import numpy as np
import pytest
from data_sets import write_case

from voxclick.train.ct_sam3d.pairs import draw_pair, heat_of
from voxclick.train.ct_sam3d.settings import CrossPatchSettings
from voxclick.train.visits import Visits

NEAR = CrossPatchSettings(stride=(3, 4), empty=0.0, augmented=0.0, structures=("liver",))


@pytest.fixture
def pair_of(tmp_path):
    write_case(tmp_path / "s" / "a", radius_mm=9.0)

    def draw(settings, seed):
        visits = Visits(settings, tmp_path, processes=1)
        held, _ = visits.turn(0, 0, 0)
        return draw_pair(visits, held, settings, np.random.default_rng(seed))

    return draw


def test_both_patches_show_the_object_a_stride_apart(pair_of):
    for seed in range(6):
        pair = pair_of(NEAR, seed)
        first, second = (np.argwhere(each.truth).mean(axis=0) for each in (pair.first, pair.second))
        moved = np.abs(first - second).round().astype(int)
        assert set(moved.tolist()) <= {0, 3, 4}
        assert moved.any()


def test_a_neighbour_without_the_object_is_kept_where_that_is_wanted(pair_of):
    far = CrossPatchSettings(stride=(60, 60), empty=1.0, augmented=0.0)
    assert not pair_of(far, 0).second.truth.any()


def test_the_heat_is_highest_deepest_in_the_object():
    truth = np.zeros((64, 64, 64), dtype=np.bool_)
    truth[10:21, 30:41, 40:51] = True
    heat = heat_of(truth, 2.0)
    assert heat[15, 35, 45] == 1
    assert heat[15, 35, 47] == pytest.approx(np.exp(-0.5))
    assert heat_of(np.zeros_like(truth), 2.0).max() == 0


def test_an_object_cut_by_the_border_is_deepest_at_the_border():
    truth = np.zeros((64, 64, 64), dtype=np.bool_)
    truth[:8, 20:41, 20:41] = True
    assert heat_of(truth, 2.0)[0].max() == 1
