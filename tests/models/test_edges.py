import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.models.builtin.edges import boundary_step, stands_out

GRID = GRIDS["straight"]
BALL = ball(GRID, (20.0, 18.0, 16.0), 8.0).array
SMALL = ball(GRID, (20.0, 18.0, 16.0), 5.0).array
IMAGE = 0.2 + 0.5 * BALL.astype(np.float32)


def test_the_step_is_the_difference_across_the_boundary() -> None:
    assert boundary_step(BALL, IMAGE) == pytest.approx(0.5)
    assert boundary_step(SMALL, IMAGE) == 0
    assert boundary_step(np.zeros_like(BALL), IMAGE) == 0


def test_the_mask_that_ends_at_the_sharp_edge_stands_out() -> None:
    assert stands_out(BALL, SMALL, IMAGE)
    assert not stands_out(SMALL, BALL, IMAGE)
    assert not stands_out(BALL, BALL, IMAGE)


def test_weak_edges_are_left_to_the_network() -> None:
    assert not stands_out(BALL, SMALL, 0.2 * IMAGE)
