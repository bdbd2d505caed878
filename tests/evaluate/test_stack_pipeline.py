"""The published, leaky preparation of SAM 2 in 3D."""

import numpy as np
import pytest

from voxclick.evaluate.case import Target
from voxclick.evaluate.stack_pipeline import StackPipeline
from voxclick.geometry import Box, Grid
from voxclick.metrics.voxel_surface import voxel_nsd
from voxclick.volume import Mask, Volume

GRID = Grid((40, 40, 20), np.diag([0.5, 0.5, 4.0, 1.0]))


def target(sides: dict[int, int]) -> Target:
    """A square of so many voxels a side on each slice."""
    truth = np.zeros(GRID.shape, dtype=np.bool_)
    for k, side in sides.items():
        truth[5 : 5 + side, 5 : 5 + side, k] = True
    box = Box.of_mask(truth)
    return Target(1, "merged", GRID, box, truth[box.slices])


def volume() -> Volume:
    array = np.random.default_rng(0).normal(size=GRID.shape) + 100 * np.arange(20.0)
    array[:, :, 8] = -5.0
    return Volume(array, GRID)


def test_the_stack_is_cut_by_the_truth_and_each_slice_is_scaled_by_itself():
    sides = dict.fromkeys(range(6, 14), 17) | {3: 10, 4: 16, 15: 16}  # 17 x 17 pixels are above 256
    ready = StackPipeline().prepare(volume(), [target(sides)])
    assert ready.volume.grid.shape == (40, 40, 7)  # 6 to 12: the last large one is left out
    assert ready.volume.grid.spacing_mm == (1.0, 1.0, 1.0)
    array = ready.volume.array
    assert array.dtype == np.uint8
    assert array[:, :, 2].max() == 0  # slice 8 has one intensity
    assert all(array[:, :, k].min() == 0 and array[:, :, k].max() == 255 for k in (0, 1, 3, 6))
    (cut,) = ready.targets
    assert cut.voxels == 7 * 17 * 17
    assert cut.mask.grid.matches(ready.volume.grid)


@pytest.mark.parametrize(
    "sides",
    [dict.fromkeys(range(4, 12), 16), {4: 17}, {4: 17, 8: 10, 12: 17}],
    ids=["no slice is large", "one slice is large", "the middle one is small"],
)
def test_a_case_without_a_stack_is_dropped_and_counted(sides):
    ready = StackPipeline().prepare(volume(), [target(sides)])
    assert (list(ready.targets), ready.dropped) == ([], (1,))


def test_the_nsd_is_measured_on_slices_out_of_order():
    truth, predicted = np.zeros((2, 9, 9, 12), dtype=np.bool_)
    truth[2:7, 2:7, 2:7] = True
    predicted[2:7, 2:7, 4:10] = True
    grid = Grid((9, 9, 12), np.eye(4))
    dice, nsd = StackPipeline().measure(Mask(truth, grid), Mask(predicted, grid), 1.0)
    assert dice == pytest.approx(6 / 11)
    order = [6, 7, 8, 9, 10, 11, 5, 4, 3, 2, 1, 0]
    shuffled = [Mask(array[:, :, order], grid) for array in (truth, predicted)]
    assert nsd == voxel_nsd(*shuffled, 1.0)
    assert nsd != voxel_nsd(Mask(truth, grid), Mask(predicted, grid), 1.0)
