import cc3d
import numpy as np
import pytest
from phantoms import GRIDS, ball
from scipy.ndimage import distance_transform_edt, gaussian_filter

from voxclick.geometry import Grid
from voxclick.simulate import clicks
from voxclick.simulate.clicks import CenterClick, RandomClick
from voxclick.types import Array, Index3
from voxclick.volume import Mask

ANY = np.random.default_rng(0)


def challenge_click(truth: Array, predicted: Array) -> tuple[Index3, bool] | None:
    """The challenge's rule word for word, on arrays in its (z, y, x) order."""
    error = truth != predicted
    if not error.any():
        return None
    parts = cc3d.connected_components(error.astype(np.uint8), connectivity=26)
    sizes = np.bincount(parts.flat)
    sizes[0] = 0
    part = parts == np.argmax(sizes)
    places = np.argwhere(part)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    pads = [max(1, int(0.25 * extent)) for extent in high - low]
    crop = np.pad(part[tuple(map(slice, low, high))], [(pad, pad) for pad in pads])
    depth = distance_transform_edt(crop)
    deepest = np.argwhere((depth == depth.max()).flat)[:, 0]
    drawn = np.random.RandomState(42).choice(deepest)
    z, y, x = np.array(np.unravel_index(drawn, crop.shape)) - pads + low
    return (int(z), int(y), int(x)), bool(truth[z, y, x])


@pytest.mark.parametrize("seed", range(12))
def test_the_centre_click_is_the_challenges(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(int(n) for n in generator.integers(4, 24, 3))
    truth = gaussian_filter(generator.normal(size=shape), 1.5) > 0.02
    predicted = gaussian_filter(generator.normal(size=shape), 1.5) > 0.05
    grid = Grid(shape, np.eye(4))
    ours = CenterClick().next_prompt(Mask(truth, grid), Mask(predicted, grid), ANY)
    theirs = challenge_click(truth.transpose(2, 1, 0), predicted.transpose(2, 1, 0))
    assert theirs is not None
    assert ours is not None
    assert ours.at == theirs[0][::-1]
    assert ours.positive == theirs[1]


def test_a_huge_error_is_measured_on_a_grid_twice_as_coarse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clicks, "POOL_FROM", 100)
    truth = np.zeros((16, 16, 16), dtype=np.bool_)
    truth[2:13, 2:13, 2:13] = True
    grid = Grid(truth.shape, np.eye(4))
    click = CenterClick().next_prompt(Mask(truth, grid), Mask(np.zeros_like(truth), grid), ANY)
    assert click is not None
    # 11 voxels and 2 of padding a side are 8 blocks of two (the last half empty), of which blocks
    # 1 to 6 hold some of the part: blocks 3 and 4 are deepest, voxels 6 to 9 of the volume
    assert all(6 <= index <= 9 for index in click.at)


def test_of_two_equal_parts_the_first_in_the_challenges_order_is_clicked() -> None:
    truth = np.zeros((9, 5, 5), dtype=np.bool_)
    truth[1:4, 1:4, 1:4] = truth[5:8, 1:4, 1:4] = True
    grid = Grid(truth.shape, np.eye(4))
    click = CenterClick().next_prompt(Mask(truth, grid), Mask(np.zeros_like(truth), grid), ANY)
    assert click is not None
    assert click.at == (2.0, 2.0, 2.0)


def test_a_wrong_sign_and_a_slip_of_the_hand_stay_in_the_volume() -> None:
    truth = ball(GRIDS["straight"], (2, 2, 2), 4.0)
    empty = Mask(np.zeros_like(truth.array), truth.grid)
    user = RandomClick(offset_voxels=6.0, wrong_sign=1.0)
    for seed in range(20):
        click = user.next_prompt(truth, empty, np.random.default_rng(seed))
        assert click is not None
        click.to_voxel(truth.grid)
        assert not click.positive


def test_a_high_alpha_keeps_to_the_centre() -> None:
    truth = ball(GRIDS["straight"], (20, 18, 16), 10.0)
    empty = Mask(np.zeros_like(truth.array), truth.grid)

    def spread(alpha: float) -> float:
        user = RandomClick(alpha=alpha)
        clicks = [user.next_prompt(truth, empty, np.random.default_rng(s)) for s in range(40)]
        return float(np.std([click.at for click in clicks if click is not None]))

    assert spread(8.0) < spread(1.0)
