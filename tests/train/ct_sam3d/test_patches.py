"""Patches on the axes of CT-SAM3D."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from phantoms import GRIDS, ball
from scipy.ndimage import binary_erosion

from voxclick.train.ct_sam3d.patches import frame_at, read_patch
from voxclick.train.ct_sam3d.settings import CtSettings
from voxclick.train.volumes import Volumes

PLAIN = CtSettings(augmented=0.0)
TURNED = CtSettings(augmented=1.0)
CENTRE = (20.0, 18.0, 16.0)


def held(folder, name="straight", hu=50.0):
    """A volume of air with a ball of tissue."""
    on = GRIDS[name]
    truth = ball(on, CENTRE, 8.0).array
    image = np.where(truth, hu, -1000.0).astype(np.float32)
    (folder / "s" / "a").mkdir(parents=True)
    nib.save(nib.Nifti1Image(image, on.affine), folder / "s" / "a" / "image.nii.gz")
    nib.save(
        nib.Nifti1Image(truth.astype(np.uint8), on.affine), folder / "s" / "a" / "label.nii.gz"
    )
    return Volumes(folder).held("s/a")


def drawn(of, settings, seed=0):
    frame = frame_at(of, np.array(CENTRE), settings, np.random.default_rng(seed))
    return frame, read_patch(of, 1, frame, settings.window_hu)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_place_is_the_voxel_behind_the_middle_and_the_ball_keeps_its_size(grid, tmp_path):
    frame, patch = drawn(held(tmp_path, grid), PLAIN)
    np.testing.assert_allclose(frame.index(np.array(CENTRE)), 32.0)
    np.testing.assert_allclose(np.argwhere(patch.truth).mean(axis=0), 32.0, atol=0.6)
    volume_mm3 = patch.truth.sum() * 1.5**3
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.12)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_axes_point_up_back_and_left_whatever_the_file_says(grid, tmp_path):
    of = held(tmp_path, grid)
    frame, _ = drawn(of, PLAIN)
    steps = of.grid.affine[:3, :3] @ frame.matrix
    np.testing.assert_allclose(
        steps, 1.5 * np.array([[0, 0, -1], [0, -1, 0], [1, 0, 0]]), atol=1e-9
    )


def test_intensities_are_cut_and_scaled_and_nothing_is_0(tmp_path):
    _, patch = drawn(held(tmp_path), PLAIN)
    assert patch.image[32, 32, 32] == pytest.approx(0.5)
    assert patch.image[0, 0, 0] == 0
    assert patch.image.min() == 0
    _, bright = drawn(held(tmp_path / "b", hu=1000.0), PLAIN)
    assert bright.image.max() == 1


def test_image_and_object_move_together(tmp_path):
    of = held(tmp_path)
    middles = set()
    for seed in range(8):
        _, patch = drawn(of, TURNED, seed)
        inside = binary_erosion(patch.truth, iterations=2)
        np.testing.assert_allclose(patch.image[inside], 0.5, atol=0.1)
        middles.add(tuple(np.argwhere(patch.truth).mean(axis=0).round().astype(int)))
    assert len(middles) == 8
    away = np.abs(np.array(list(middles)) - 32).max()
    assert 5 < away <= 20 / 1.5 / 0.9 + 2


def test_a_neighbour_lies_so_many_voxels_further(tmp_path):
    of = held(tmp_path)
    frame, patch = drawn(of, TURNED)
    beside = read_patch(of, 1, frame.moved(np.array([0.0, 8.0, 0.0])), PLAIN.window_hu)
    np.testing.assert_array_equal(beside.truth[:, :-8], patch.truth[:, 8:])


def test_no_augmentation_goes_beyond_its_settings(tmp_path):
    of = held(tmp_path)
    still = replace(TURNED, shift_mm=0.0, turn_degrees=0.0, scale=(1.0, 1.0))
    np.testing.assert_allclose(drawn(of, still)[0].matrix, drawn(of, PLAIN)[0].matrix)
