"""Volumes searched crop by crop."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from adapter_network import SMALL, small_network
from phantoms import bright_ball, grid

from voxclick.errors import OptionError
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.models.sam_adapter3d.sliding import blended, find_everywhere, importance, starts
from voxclick.preprocess.statistics import Intensity

AUTO = Settings(Intensity(-20.0, 120.0, 50.0, 50.0), crop=64)


def test_crops_overlap_by_half_and_the_last_one_ends_with_the_axis():
    assert starts(64, 64, 0.5) == [0]
    assert starts(128, 64, 0.5) == [0, 32, 64]
    assert starts(100, 64, 0.5) == [0, 32, 36]
    assert starts(128, 64, 0.0) == [0, 64]


def test_answers_that_agree_are_kept_and_others_count_by_their_place():
    image = torch.rand(12, 8, 8)
    same = blended(image, 8, 0.5, lambda crop: crop[0, 0])
    torch.testing.assert_close(same, image)
    answers = iter((0.0, 1.0))
    mixed = blended(image, 8, 0.5, lambda crop: torch.full((8, 8, 8), next(answers)))
    line = mixed[:, 4, 4]
    assert line[0] == 0
    assert line[-1] == 1
    assert (line.diff() >= 0).all()
    assert line[5] == pytest.approx(1 - float(line[6]))


def test_the_middle_counts_most_and_the_corners_a_little():
    weight = importance(16)
    assert weight.max() == weight[8, 8, 8] == 1
    assert weight.min() == pytest.approx(1e-3)


@pytest.mark.slow
def test_one_crop_gives_what_the_network_says_of_it_on_the_volume_s_own_voxels():
    network = small_network(replace(SMALL, prompted=False))
    on = grid((1.0, 1.5, 3.0), np.diag([-1.0, 1.0, 1.0]), (40, 36, 12))
    volume, _ = bright_ball(on, (20, 18, 6), 8.0)
    found = find_everywhere(network, AUTO, volume)
    assert found.grid == on
    assert found.array.shape == on.shape


def test_a_network_with_prompts_finds_nothing_by_itself():
    volume, _ = bright_ball(grid((1.0, 1.0, 1.0), np.eye(3), (8, 8, 8)), (4, 4, 4), 2.0)
    with pytest.raises(OptionError, match="sam-adapter3d-auto"):
        find_everywhere(small_network(), AUTO, volume)
    with pytest.raises(OptionError, match="overlap"):
        blended(torch.zeros(8, 8, 8), 8, 1.0, lambda crop: crop[0, 0])
