import math

import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.geometry import Grid
from voxclick.metrics.surface import assd_mm, hd95_mm, nsd
from voxclick.types import Index3, Vector3
from voxclick.volume import Mask

# What surface-distance-based-measures 0.1 (google-deepmind's code on PyPI) says of `masks(seed,
# shape)`: compute_surface_dice_at_tolerance, compute_robust_hausdorff(95), and the mean of
# compute_average_surface_distance.
PUBLISHED = [
    (1, (12, 9, 7), (1.0, 1.0, 1.0), 1.0, 0.998988162593916, 1.0, 0.05288383933745597),
    (2, (9, 14, 5), (0.7, 0.7, 3.0), 2.0, 0.9994975667765241, 0.7, 0.0356492572948516),
    (3, (6, 1, 11), (1.2, 0.5, 2.5), 0.6, 0.981072244427115, 0.0, 0.023108662126937456),
]


def masks(seed: int, shape: Index3, spacing: Vector3) -> tuple[Mask, Mask]:
    """Two blobby masks that need nothing but NumPy to be made again."""
    field = np.random.default_rng(seed).random(shape)
    for axis in range(3):
        field = (field + np.roll(field, 1, axis) + np.roll(field, -1, axis)) / 3
    other = (field + np.roll(field, 1, 0)) / 2
    grid = Grid(shape, np.diag([*spacing, 1.0]))
    return Mask(field > 0.5, grid), Mask(other > 0.5, grid)


@pytest.mark.parametrize(
    ("seed", "shape", "spacing", "tolerance", "dice", "hd95", "assd"), PUBLISHED
)
def test_the_numbers_are_those_of_the_published_code(
    seed: int,
    shape: Index3,
    spacing: Vector3,
    tolerance: float,
    dice: float,
    hd95: float,
    assd: float,
) -> None:
    truth, predicted = masks(seed, shape, spacing)
    assert nsd(truth, predicted, tolerance) == pytest.approx(dice, abs=1e-12)
    assert hd95_mm(truth, predicted) == pytest.approx(hd95, abs=1e-12)
    assert assd_mm(truth, predicted) == pytest.approx(assd, abs=1e-12)


@pytest.mark.parametrize("name", GRIDS)
def test_a_mask_agrees_with_itself_on_every_grid(name: str) -> None:
    mask = ball(GRIDS[name], (20, 18, 16), 9.0)
    assert nsd(mask, mask, 0.0) == 1.0
    assert hd95_mm(mask, mask) == 0.0
    assert assd_mm(mask, mask) == 0.0


def test_a_shift_of_two_voxels_is_their_spacing_away() -> None:
    grid = Grid((30, 8, 8), np.diag([1.5, 1.0, 1.0, 1.0]))
    arrays = np.zeros((2, 30, 8, 8), dtype=np.bool_)
    arrays[0, 10:] = True
    arrays[1, 12:] = True
    truth, predicted = Mask(arrays[0], grid), Mask(arrays[1], grid)
    assert nsd(truth, predicted, 3.0) == pytest.approx(1.0)
    assert nsd(truth, predicted, 2.9) < 1.0


def test_empty_masks_have_defined_distances() -> None:
    some = ball(GRIDS["straight"], (20, 18, 16), 5.0)
    none = Mask(np.zeros_like(some.array), some.grid)
    assert (nsd(none, none, 1.0), hd95_mm(none, none), assd_mm(none, none)) == (1.0, 0.0, 0.0)
    assert (nsd(some, none, 1.0), hd95_mm(some, none)) == (0.0, math.inf)
    assert assd_mm(none, some) == math.inf
