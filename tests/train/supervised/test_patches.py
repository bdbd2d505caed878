from dataclasses import replace

import numpy as np
import pytest
from data_sets import CENTRES, write_case
from phantoms import GRIDS
from scipy.ndimage import center_of_mass

from voxclick.evaluate.dataset import find_dataset
from voxclick.preprocess.statistics import Intensity
from voxclick.train.supervised.patches import Patches
from voxclick.train.supervised.settings import PatchSettings
from voxclick.train.volumes import Held

NAMES = ("spleen", "liver")
CALM = PatchSettings(
    patch=(32, 32, 32),
    spacing_mm=(1.0, 1.0, 1.0),
    deep_supervision=1,
    positive=1.0,
    augmented=0.0,
    intensities=0.0,
)


def held(folder, name="straight"):
    write_case(folder / "a", name)
    return Held("a", find_dataset(folder).cases[0])


def patches(**changes):
    return Patches(replace(CALM, **changes), NAMES, Intensity(-50, 150, 0, 50))


@pytest.mark.parametrize("name", GRIDS)
def test_structures_have_the_classes_of_their_names_on_every_grid(tmp_path, name):
    volume = held(tmp_path, name)
    for label, number in ((1, 2), (2, 1)):
        patch = patches().validation(volume, np.array(CENTRES[label], dtype=float))
        assert patch.image.shape == patch.truth.shape == (32, 32, 32)
        inside = patch.truth == number
        assert 0.8 < inside.sum() / (4 / 3 * np.pi * 6**3) < 1.2
        assert patch.image[inside].mean() == pytest.approx(2.0, abs=0.4)


def test_patches_run_as_the_patient_does(tmp_path):
    for name in ("straight", "flipped", "permuted"):
        volume = held(tmp_path / name, name)
        wide = patches(patch=(64, 64, 64))
        patch = wide.validation(volume, (np.array(volume.grid.shape) - 1) / 2)
        liver, spleen = (np.array(center_of_mass(patch.truth == number)) for number in (2, 1))
        centres = np.array([CENTRES[1], CENTRES[2]], dtype=float)
        from_liver = np.diff(volume.grid.to_ras(centres), axis=0)[0]
        assert np.allclose(spleen - liver, from_liver, atol=1.0)


def test_a_scaled_patch_shows_structures_larger(tmp_path):
    volume = held(tmp_path)
    generator = np.random.default_rng(0)
    place = np.array(CENTRES[1], dtype=float)
    usual = patches().training(volume, place, generator)
    large = patches(augmented=1.0, scale=(1.4, 1.4)).training(volume, place, generator)
    ratio = (large.truth == 2).sum() / (usual.truth == 2).sum()
    assert ratio == pytest.approx(1.4**3, rel=0.15)


def test_turns_keep_shapes_where_voxels_are_long(tmp_path):
    volume = held(tmp_path)
    turned = patches(augmented=1.0, scale=(1.0, 1.0), turn_degrees=90.0, spacing_mm=(1.0, 1.0, 2.0))
    for seed in range(3):
        generator = np.random.default_rng(seed)
        patch = turned.training(volume, np.array(CENTRES[2], dtype=float), generator)
        assert 0.75 < 2 * (patch.truth == 1).sum() / (4 / 3 * np.pi * 6**3) < 1.25


def test_a_mirrored_patch_is_the_same_from_the_other_side(tmp_path):
    volume = held(tmp_path)
    place, generator = (np.array(volume.grid.shape) - 1) / 2, np.random.default_rng(0)
    usual = patches().training(volume, place, generator)
    mirrored = patches(mirrored=1.0).training(volume, place, generator)
    assert np.array_equal(mirrored.truth, usual.truth[::-1])


def test_some_patches_lie_anywhere(tmp_path):
    volume = held(tmp_path)
    anywhere = patches(positive=0.0, patch=(16, 16, 16))
    generator = np.random.default_rng(0)
    place = np.array(CENTRES[1], dtype=float)
    found = [anywhere.training(volume, place, generator).truth[8, 8, 8] for _ in range(20)]
    assert found.count(2) < 5


def test_each_volume_is_normalised_by_itself_without_statistics(tmp_path):
    volume = held(tmp_path)
    patch = Patches(CALM, NAMES, None).validation(volume, np.array(CENTRES[1], dtype=float))
    own = Intensity.of(volume.array)
    assert patch.image.max() == pytest.approx((own.high - own.mean) / own.std, rel=1e-4)
