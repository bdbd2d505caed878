import numpy as np
import pytest
import torch
from phantoms import GRIDS

from voxclick.geometry import Grid
from voxclick.models.slices.plane import Plane, slice_grid
from voxclick.preprocess import View
from voxclick.volume import Volume

SIDE = 96


def slope(grid, direction):
    """A volume that grows brighter along one direction of the patient."""
    indices = np.stack(np.indices(grid.shape), axis=-1).reshape(-1, 3).astype(float)
    bright = grid.to_ras(indices)[:, direction].reshape(grid.shape)
    return Volume(bright.astype(np.float32), grid)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_the_patient_is_held_as_on_a_light_box(name, axis):
    grid = GRIDS[name]
    view_grid = slice_grid(grid, axis, grid.shape[axis] // 2, SIDE)
    plane = Plane.of(view_grid, axis)
    letters = grid.orientation
    across = "R" if letters[plane.columns] in "RL" else "A"
    down = "S" if letters[plane.rows] in "SI" else "A"
    for direction, along in ((across, 1), (down, 0)):
        view = View.of(slope(grid, "RAS".index(direction)), view_grid)
        shown = plane.show(view.image)
        middle = shown.select(1 - along, SIDE // 2)
        assert middle[SIDE // 2 - 8] > middle[SIDE // 2 + 8]


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_what_is_shown_can_be_taken_back(name, axis):
    grid = GRIDS[name]
    view_grid = slice_grid(grid, axis, 3, SIDE)
    plane = Plane.of(view_grid, axis)
    image = torch.rand(view_grid.shape)
    assert torch.equal(plane.take_back(plane.show(image)), image)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", GRIDS)
def test_a_voxel_lies_where_its_pixel_is(name, axis):
    view_grid = slice_grid(GRIDS[name], axis, 3, SIDE)
    plane = Plane.of(view_grid, axis)
    place = [70, 20, 30]
    place[axis] = 0
    image = torch.zeros(view_grid.shape)
    image[tuple(place)] = 1
    x, y = plane.pixels(np.array([place], dtype=np.float64), view_grid.shape)[0].int().tolist()
    assert plane.show(image)[y, x] == 1


def test_pixels_of_a_slice_are_square_and_hold_all_of_it():
    grid = Grid((40, 20, 30), np.diag([0.5, 1.5, 4.0, 1.0]))
    view = slice_grid(grid, 0, 7, SIDE)
    assert view.shape == (1, SIDE, SIDE)
    assert np.allclose(view.spacing_mm, (0.5, 120 / SIDE, 120 / SIDE))
    centre = grid.to_voxel(view.to_ras(np.array([[0, (SIDE - 1) / 2, (SIDE - 1) / 2]])))
    assert np.allclose(centre, [[7, 9.5, 14.5]])
