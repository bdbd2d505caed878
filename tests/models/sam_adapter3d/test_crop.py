"""Views as crops that the network knows."""

import numpy as np
import pytest
import torch
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.models.sam_adapter3d.crop import crop_of
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.preprocess import View
from voxclick.preprocess.statistics import Intensity
from voxclick.preprocess.view import window

CENTRE = (20.2, 18.3, 16.2)
SETTINGS = Settings(Intensity(-50, 150, 50, 25), crop=64)


def view(volume, centre):
    return View.of(volume, window(volume.grid, (1.0, 1.0, 1.0), (64, 64, 64), centre))


@pytest.mark.parametrize("name", GRIDS)
def test_the_crop_does_not_depend_on_how_the_file_lays_out_its_axes(name):
    volume, _ = bright_ball(GRIDS[name], CENTRE, 8.0)
    i, j, k = volume.grid.shape
    matrix = np.zeros((4, 4))
    matrix[0, 1], matrix[0, 3] = -1, i - 1
    matrix[1, 2] = matrix[2, 0] = matrix[3, 3] = 1
    array = np.ascontiguousarray(volume.array[::-1].transpose(2, 0, 1))
    anew = vc.Volume(array, vc.Grid((k, i, j), volume.grid.affine @ matrix))
    crop, _ = crop_of(view(volume, CENTRE), SETTINGS)
    other, _ = crop_of(view(anew, (CENTRE[2], i - 1 - CENTRE[0], CENTRE[1])), SETTINGS)
    torch.testing.assert_close(crop, other, rtol=1e-4, atol=1e-4)


def test_slices_come_first_from_the_feet_up():
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    seen = view(volume, CENTRE)
    crop, _ = crop_of(seen, SETTINGS)
    expected = SETTINGS.intensity.normalised(seen.image)
    inside = seen.inside.slices
    found = crop[0, 0].permute(2, 1, 0)
    assert torch.equal(found[inside], expected[inside])


def test_what_lies_outside_the_volume_is_the_foregrounds_mean():
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    seen = view(volume, CENTRE)
    crop, turn = crop_of(seen, SETTINGS)
    outside = torch.ones(64, 64, 64, dtype=torch.bool)
    outside[seen.inside.slices] = False
    found = turn.view(crop[0, 0])
    assert not found[outside].any()
    assert found[~outside].any()


def test_what_is_not_a_number_is_the_foregrounds_mean():
    array = np.full((64, 64, 64), 100.0, dtype=np.float32)
    array[3, 4, 5] = np.nan
    volume = vc.Volume(array, vc.Grid((64, 64, 64), np.eye(4)))
    crop, _ = crop_of(View(volume.grid, volume.grid, torch.from_numpy(array)), SETTINGS)
    assert crop[0, 0, 5, 4, 3] == 0
    assert crop[0, 0, 0, 0, 0] == 2
