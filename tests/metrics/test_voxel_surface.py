"""The NSD by outermost voxels."""

import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.metrics.voxel_surface import voxel_nsd
from voxclick.volume import Mask


def rim(mask):
    """Outermost voxels, by looking at each voxel's six neighbours."""
    padded = np.pad(mask, 1)
    found = []
    for place in np.argwhere(padded):
        around = [place + step for step in np.vstack([np.eye(3, dtype=int), -np.eye(3, dtype=int)])]
        if not all(padded[tuple(other)] for other in around):
            found.append(place)
    return np.array(found)


def by_hand(truth, predicted, tolerance):
    first, second = rim(truth), rim(predicted)
    apart = np.linalg.norm(first[:, None] - second[None], axis=-1)
    near = (apart.min(axis=1) <= tolerance).sum() + (apart.min(axis=0) <= tolerance).sum()
    return near / (len(first) + len(second))


@pytest.mark.parametrize("tolerance", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_share_of_outermost_voxels_that_are_near(seed, tolerance):
    fields = np.random.default_rng(seed).random((2, 9, 8, 7))
    truth, predicted = fields > 0.5
    grid = GRIDS["anisotropic"]
    ours = voxel_nsd(
        *(Mask(array, type(grid)(array.shape, grid.affine)) for array in (truth, predicted)),
        tolerance,
    )
    assert ours == pytest.approx(by_hand(truth, predicted, tolerance), abs=1e-12)


def test_two_empty_masks_agree_and_one_does_not():
    some = ball(GRIDS["straight"], (20, 18, 16), 5.0)
    none = Mask(np.zeros_like(some.array), some.grid)
    assert voxel_nsd(none, none, 1.0) == 1.0
    assert voxel_nsd(some, none, 1.0) == 0.0
    assert voxel_nsd(none, some, 1.0) == 0.0
    assert voxel_nsd(some, some, 0.0) == 1.0
