"""Views turned to the axes that the network knows, and back."""

import numpy as np
import pytest
import torch
from phantoms import GRIDS

from voxclick.preprocess.turn import Turn

ORIENTATIONS = ("SAR", "IPL", "RAS", "PIR")


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_turned_view_turns_back_and_points_follow(name, orientation):
    grid = GRIDS[name]
    turn = Turn.to(orientation, grid)
    view = torch.arange(float(np.prod(grid.shape))).reshape(grid.shape)
    crop = turn.crop(view)
    assert torch.equal(turn.view(crop), view)
    places = np.array([[3, 5, 7], [39, 0, 31]], dtype=np.float64)
    d, h, w = turn.points(places, grid.shape).astype(int).T
    i, j, k = places.astype(int).T
    assert torch.equal(crop[d, h, w], view[i, j, k])


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_each_axis_runs_as_its_letter_says(name, orientation):
    grid = GRIDS[name]
    turn = Turn.to(orientation, grid)
    shape = np.array(grid.shape)
    middle = np.repeat(((shape - 1) / 2)[None], 3, axis=0)
    ends = np.eye(3) * 4  # a step along each axis of the crop, sought among steps of the view
    for axis, letter in enumerate(orientation):
        steps = [sign * row for row in np.eye(3) for sign in (4.0, -4.0)]
        start = turn.points(middle[:1], grid.shape)[0]
        step = next(
            one
            for one in steps
            if np.allclose(turn.points(middle[:1] + one, grid.shape)[0] - start, ends[axis])
        )
        moved = grid.affine[:3, :3] @ step
        world, sign = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1)}.get(
            letter, (2, -1)
        )
        assert np.argmax(np.abs(moved)) == world
        assert np.sign(moved[world]) == sign
