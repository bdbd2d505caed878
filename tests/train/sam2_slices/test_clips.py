"""Clips of slices."""

from dataclasses import replace

import numpy as np
import pytest
from data_sets import CENTRES, write_case

from voxclick.models.slices.plane import Plane, slice_grid
from voxclick.preprocess import View
from voxclick.train.sam2_slices.clips import draw_clip
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.volumes import Volumes
from voxclick.volume import Volume

PLAIN = ClipSettings(
    image_size=64,
    flipped=0.0,
    turn_degrees=0.0,
    shear_degrees=0.0,
    brightness=0.0,
    contrast=0.0,
    downwards=0.0,
)


@pytest.fixture
def held(tmp_path):
    write_case(tmp_path / "a", "anisotropic")
    volumes = Volumes(tmp_path)
    return volumes.held(volumes.names[0])


def clip(held, settings, label=2, seed=0):
    place = np.array(CENTRES[label], dtype=np.float64)
    return draw_clip(held, label, place, settings, np.random.default_rng(seed))


def test_a_clip_is_held_squared_and_windowed_as_where_its_weights_are_used(held, tmp_path):
    sample = clip(held, PLAIN)
    assert sample.slices.shape == (8, 64, 64)
    assert sample.truth.shape == (1, 8, 64, 64)
    volume = Volume(held.array, held.grid)
    for number in range(8):
        # 40 x 36 pixels of 0.8 mm become 64 x 64 of 0.5 mm, so neither is softened much
        grid = slice_grid(held.grid, 2, CENTRES[2][2] + number, 64)
        view = View.of(volume, grid)
        shown = Plane.of(grid, 2).show(view.image).numpy()
        grey = np.clip((shown - held.window.low) / (held.window.high - held.window.low), 0, 1)
        seen = sample.slices[number] / 255
        inside = seen > 0
        assert np.abs(seen - grey)[inside].mean() < 0.02
    share = (held.labels[:, :, CENTRES[2][2]] == 2).sum() * 0.8**2 / 0.5**2
    assert sample.truth[0, 0].sum() == pytest.approx(share, rel=0.1)


def test_a_clip_goes_down_where_it_is_told_or_where_there_is_no_more_above(held):
    down = clip(held, replace(PLAIN, downwards=1.0))
    up = clip(held, PLAIN)
    assert not np.array_equal(down.slices[1], up.slices[1])
    place = np.array([28.0, 24.0, 31.0])
    last = draw_clip(held, 2, place, PLAIN, np.random.default_rng(0))
    assert last.slices.shape[0] == 8
    thin = draw_clip(held, 2, place, replace(PLAIN, slices=99), np.random.default_rng(0))
    assert thin.slices.shape[0] == 32


def test_other_objects_of_the_first_slice_come_along(held):
    held.labels[5:9, 5:9, CENTRES[2][2]] = 1
    assert clip(held, PLAIN).truth.shape[0] == 2
    assert clip(held, replace(PLAIN, objects=1)).truth.shape[0] == 1
    assert clip(held, replace(PLAIN, structures=("spleen",))).truth.shape[0] == 1


def test_image_and_truth_are_turned_together(held):
    turned = clip(held, replace(PLAIN, turn_degrees=90.0, flipped=1.0), seed=3)
    bright = turned.slices[0] > 128
    both = (bright & turned.truth[0, 0]).sum()
    assert 2 * both / (bright.sum() + turned.truth[0, 0].sum()) > 0.9
