import math

import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.errors import GridMismatchError
from voxclick.geometry import Box
from voxclick.metrics.overlap import dice, iou, relative_volume_error, volume_error_ml
from voxclick.volume import Mask

GRID = GRIDS["anisotropic"]


def box(start: tuple[int, int, int], stop: tuple[int, int, int]) -> Mask:
    array = np.zeros(GRID.shape, dtype=np.bool_)
    array[Box(start, stop).slices] = True
    return Mask(array, GRID)


EMPTY = box((0, 0, 0), (0, 0, 0))


def test_half_shared_boxes_have_the_scores_that_counting_gives() -> None:
    truth, predicted = box((0, 0, 0), (10, 10, 10)), box((5, 0, 0), (15, 10, 10))
    assert dice(truth, predicted) == pytest.approx(0.5)
    assert iou(truth, predicted) == pytest.approx(1 / 3)


def test_the_volume_error_is_signed_and_in_millilitres() -> None:
    truth, predicted = box((0, 0, 0), (10, 10, 10)), box((0, 0, 0), (10, 10, 15))
    assert volume_error_ml(truth, predicted) == pytest.approx(500 * 0.8 * 0.8 * 3 / 1000)
    assert relative_volume_error(truth, predicted) == pytest.approx(0.5)
    assert volume_error_ml(predicted, truth) < 0


def test_empty_masks_have_defined_scores() -> None:
    some = box((0, 0, 0), (3, 3, 3))
    assert (dice(EMPTY, EMPTY), iou(EMPTY, EMPTY)) == (1.0, 1.0)
    assert (dice(EMPTY, some), iou(some, EMPTY)) == (0.0, 0.0)
    assert relative_volume_error(EMPTY, EMPTY) == 0.0
    assert relative_volume_error(EMPTY, some) == math.inf


def test_masks_on_two_grids_are_refused() -> None:
    other = ball(GRIDS["flipped"], (20, 18, 16), 5.0)
    with pytest.raises(GridMismatchError):
        dice(EMPTY, other)
