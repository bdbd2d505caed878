"""Crops on every kind of grid."""

from dataclasses import replace

import numpy as np
import pytest
from data_sets import CENTRES, write_case
from phantoms import GRIDS

from voxclick.models.sam_adapter3d.crop import crop_of
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.preprocess import View
from voxclick.preprocess.statistics import Intensity
from voxclick.preprocess.view import window
from voxclick.train.sam_adapter3d.crops import Crops, foreground
from voxclick.train.sam_adapter3d.settings import TumourSettings
from voxclick.train.volumes import Volumes
from voxclick.volume import Volume

INTENSITY = Intensity(-50.0, 150.0, 20.0, 50.0)
PLAIN = TumourSettings(
    crop=64, shifted=0.0, scaled=0.0, mirrored=0.0, quarters=0.0, positive=1.0, margin=1.0
)


def held_on(folder, grid):
    write_case(folder / "a", grid)
    volumes = Volumes(folder)
    return volumes.held(volumes.names[0])


@pytest.mark.parametrize("grid", GRIDS)
def test_a_validation_crop_is_what_the_segmenter_sees(grid, tmp_path):
    held = held_on(tmp_path, grid)
    place = np.array(CENTRES[2], dtype=np.float64)
    crop = Crops(PLAIN, INTENSITY).validation(held, 2, place)
    # along an axis that a crop holds whole, its middle is the volume's
    whole = np.array(held.grid.shape) * held.grid.spacing_mm <= 64
    centre = np.where(whole, (np.array(held.grid.shape) - 1) / 2, place)
    view = View.of(
        Volume(held.array, held.grid),
        window(held.grid, (1.0, 1.0, 1.0), (64, 64, 64), tuple(centre)),
    )
    seen, _ = crop_of(view, Settings(INTENSITY, crop=64))
    found = seen[0, 0].numpy()
    assert np.percentile(np.abs(found - crop.image), 95) < 0.12
    assert crop.truth.sum() > 500
    assert found[crop.truth].mean() > 1.0


def test_truth_and_image_stay_together_however_a_crop_is_turned(tmp_path):
    held = held_on(tmp_path, "oblique")
    wild = replace(PLAIN, scaled=1.0, mirrored=0.5, quarters=1.0, margin=1.2, positive=0.7)
    for flat in (False, True):
        crops = Crops(replace(wild, flat=flat, turned=1.0), INTENSITY)
        seen = 0
        for seed in range(6):
            generator = np.random.default_rng(seed)
            place = np.array(CENTRES[2], dtype=np.float64)
            crop = crops.training(held, 2, place, generator)
            assert crop.image.shape == crop.truth.shape == (64, 64, 64)
            if crop.truth.sum() > 200:
                seen += 1
                assert crop.image[crop.truth].mean() > 1.0
        assert seen >= 3


def test_beyond_what_is_seen_it_is_the_mean_of_the_foreground(tmp_path):
    held = held_on(tmp_path, "straight")
    crop = Crops(PLAIN, INTENSITY).validation(held, 1, np.array(CENTRES[1], dtype=np.float64))
    assert (crop.image == 0).mean() > 0.5
    held.array[:, :, 10:] = -100
    assert foreground(held, -50.0).stop[2] == 10
    empty = np.zeros_like(held.array)
    held.array[:] = empty
    assert foreground(held, 5.0).shape == held.grid.shape


def test_intensities_are_shifted_after_they_are_clipped(tmp_path):
    held = held_on(tmp_path, "straight")
    place = np.array(CENTRES[1], dtype=np.float64)
    plain = Crops(PLAIN, INTENSITY).training(held, 1, place, np.random.default_rng(1))
    shifted = Crops(replace(PLAIN, shifted=1.0), INTENSITY)
    other = shifted.training(held, 1, place, np.random.default_rng(1))
    inside = plain.image != 0
    assert plain.truth.sum() == other.truth.sum()
    difference = (other.image - plain.image)[inside]
    assert difference.std() < 1e-5
    assert abs(difference.mean()) <= 20 / 50


def test_crops_beside_an_object_are_drawn_too(tmp_path):
    held = held_on(tmp_path, "straight")
    beside = Crops(replace(PLAIN, positive=0.0, crop=64, spacing_mm=0.2), INTENSITY)
    place = np.array(CENTRES[1], dtype=np.float64)
    shares = [
        beside.training(held, 1, place, np.random.default_rng(n)).truth.mean() for n in range(8)
    ]
    assert min(shares) == 0
