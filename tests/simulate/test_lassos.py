import numpy as np
import pytest
from phantoms import GRIDS, ball
from scipy.ndimage import gaussian_filter

from voxclick.engine.obey import Mark
from voxclick.geometry import Grid
from voxclick.prompts import Lasso
from voxclick.simulate.lassos import LassoUser
from voxclick.volume import Mask

CENTRE = (20.0, 18.0, 16.0)


def blobs(grid: Grid, generator: np.random.Generator, level: float) -> Mask:
    """A ragged random shape with holes, which touches the border."""
    return Mask(gaussian_filter(generator.normal(size=grid.shape), 1.5) > level, grid)


@pytest.mark.parametrize("name", GRIDS)
def test_a_leak_all_around_the_object_is_removed_and_the_object_kept(name: str) -> None:
    truth, predicted = ball(GRIDS[name], CENTRE, 7.0), ball(GRIDS[name], CENTRE, 11.0)
    for seed in range(20):
        lasso = LassoUser().next_prompt(truth, predicted, np.random.default_rng(seed))
        assert isinstance(lasso, Lasso)
        assert not lasso.positive
        obeyed = predicted.array.copy()
        Mark.of(lasso).apply(obeyed, truth.grid.box)
        assert (obeyed & truth.array).sum() == truth.array.sum()
        leak = np.take(predicted.array & ~truth.array, lasso.slice_index, axis=lasso.axis).sum()
        removed = predicted.array.sum() - obeyed.sum()
        assert removed >= 0.4 * leak  # on some slices it lies in two halves


def test_a_missing_shell_is_enclosed_without_the_background_in_it() -> None:
    outer, inner = ball(GRIDS["straight"], CENTRE, 11.0), ball(GRIDS["straight"], CENTRE, 6.0)
    shell = Mask(outer.array & ~inner.array, outer.grid)
    nothing = Mask(np.zeros_like(shell.array), shell.grid)
    for seed in range(20):
        lasso = LassoUser().next_prompt(shell, nothing, np.random.default_rng(seed))
        assert isinstance(lasso, Lasso)
        assert lasso.positive
        i, j, k = lasso.voxels().T
        assert shell.array[i, j, k].all()


@pytest.mark.parametrize("seed", range(40))
def test_every_enclosed_voxel_has_the_sign_of_the_lasso_and_one_was_wrong(seed: int) -> None:
    generator = np.random.default_rng(seed)
    grid = GRIDS["straight"]
    truth, predicted = blobs(grid, generator, 0.03), blobs(grid, generator, 0.0)
    prompt = LassoUser().next_prompt(truth, predicted, generator)
    assert prompt is not None
    prompt.to_voxel(grid)
    i, j, k = prompt.voxels().T
    assert (truth.array[i, j, k] == prompt.positive).all()
    assert (predicted.array[i, j, k] != prompt.positive).any()


def test_an_error_at_the_border_is_enclosed_up_to_the_border() -> None:
    grid = GRIDS["straight"]
    truth, nothing = np.zeros(grid.shape, dtype=np.bool_), np.zeros(grid.shape, dtype=np.bool_)
    truth[-9:, -9:, -9:] = True
    for seed in range(10):
        user = LassoUser(wobble=0.0)
        generator = np.random.default_rng(seed)
        lasso = user.next_prompt(Mask(truth, grid), Mask(nothing, grid), generator)
        assert isinstance(lasso, Lasso)
        lasso.to_voxel(grid)
        last = np.delete(np.array(grid.shape) - 1, lasso.axis)
        highest = np.delete(lasso.voxels().max(axis=0), lasso.axis)
        assert highest.tolist() == last.tolist()
