import numpy as np
import torch
from phantoms import ball

from voxclick.engine.growth.blend import Blend
from voxclick.geometry import Box, Grid
from voxclick.models.base import Spec
from voxclick.preprocess import View

GRID = Grid((40, 40, 40), np.eye(4))
SPEC = Spec("blend", frozenset(), patch=(24, 24, 24), spacings_mm=(1.0, 4.0), fixed_patch=True)


def patch(at: int) -> View:
    grid = SPEC.look(GRID, Box((at, at, at), (at + 1, at + 1, at + 1)), 0)
    return View(GRID, grid, torch.zeros(24, 24, 24))


def test_a_patch_that_cannot_tell_leaves_the_mask_as_it_was_before_the_first_one() -> None:
    """Also where another patch was written into it since."""
    before = ball(GRID, (20, 20, 20), 8.0).array
    claim, blend, unsure = before.copy(), Blend(corrects=True), torch.full((24, 24, 24), 0.5)
    box, mask = blend.add(patch(14), unsure, claim)
    assert np.array_equal(mask, before[box.slices])
    claim[box.slices] = ~before[box.slices]
    other, mask = blend.add(patch(24), unsure, claim)
    assert not other.intersection(box).empty
    assert np.array_equal(mask, before[other.slices])


def test_where_patches_differ_the_one_that_sees_the_voxel_nearer_its_middle_decides() -> None:
    claim, blend = np.zeros(GRID.shape, dtype=np.bool_), Blend(corrects=False)
    blend.add(patch(14), torch.ones(24, 24, 24), claim)
    box, mask = blend.add(patch(24), torch.zeros(24, 24, 24), claim)
    near, far = np.array([16, 16, 16]) - box.start, np.array([23, 23, 23]) - box.start
    assert mask[tuple(near)]
    assert not mask[tuple(far)]
