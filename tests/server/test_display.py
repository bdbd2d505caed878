import numpy as np
import pytest
from phantoms import GRIDS

import voxclick as vc
from voxclick.server.display import Display
from voxclick.server.orientation import Orientation


def display(array: np.ndarray, name: str = "straight") -> Display:
    grid = GRIDS[name]
    return Display(vc.Volume(array, grid), Orientation.of(grid))


def sent(shown: Display, step: int = 1) -> np.ndarray:
    flat = np.frombuffer(b"".join(shown.chunks(step)), "<i2")
    return flat.reshape(shown.shape(step)[::-1]).transpose(2, 1, 0)


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_every_voxel_arrives_where_it_lies(name: str, step: int, dtype: type) -> None:
    array = np.random.default_rng(3).integers(0, 255, GRIDS[name].shape).astype(dtype)
    shown = display(array, name)
    got = sent(shown, step) * shown.slope + shown.intercept
    expected = shown.orientation.turned(array)[::step, ::step, ::step]
    assert np.abs(got - expected).max() <= shown.slope / 2 + 1e-9
    assert shown.slope == (1 if dtype != np.float32 else pytest.approx(254 / 65535))


def test_numbers_beyond_int16_are_scaled_into_it() -> None:
    array = np.linspace(-1e6, 5e6, 40 * 36 * 32).reshape(40, 36, 32).astype(np.int32)
    shown = display(array)
    got = sent(shown) * shown.slope + shown.intercept
    assert np.abs(got - array).max() <= shown.slope / 2 * 1.001


def test_a_constant_volume_can_be_shown() -> None:
    shown = display(np.full((40, 36, 32), 1e6, dtype=np.float32))
    assert (sent(shown) * shown.slope + shown.intercept == 1e6).all()
    low, high = shown.window
    assert low < 1e6 <= high


def test_ct_begins_with_soft_tissue_and_everything_else_with_its_own_range() -> None:
    generator = np.random.default_rng(0)
    ct = generator.integers(-1024, 1500, (40, 36, 32)).astype(np.int16)
    assert display(ct).modality == "CT"
    assert display(ct).window == (-160.0, 240.0)
    mr = generator.integers(0, 900, (40, 36, 32)).astype(np.int16)
    low, high = display(mr).window
    assert display(mr).modality is None
    assert 0 < low < 50
    assert 850 < high < 900
