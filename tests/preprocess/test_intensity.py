import numpy as np
import pytest

from voxclick.geometry import Grid
from voxclick.preprocess.intensity import SOFT_TISSUE, Window, window_of
from voxclick.volume import Volume

RANDOM = np.random.default_rng(5)


def test_a_ct_is_seen_in_the_window_of_soft_tissue():
    array = RANDOM.normal(0, 400, (20, 20, 20)).astype(np.int16)
    array[0] = -1024
    assert Window.of(array) == SOFT_TISSUE == Window(-160.0, 240.0)


def test_an_mr_is_seen_between_percentiles_of_what_is_not_air():
    array = np.zeros((20, 20, 20), dtype=np.float32)
    array[5:15] = np.linspace(100, 1100, 10 * 400).reshape(10, 20, 20)
    window = Window.of(array)
    assert window.low == pytest.approx(105, abs=1)
    assert window.high == pytest.approx(1095, abs=1)


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_a_volume_of_one_value_still_has_a_window(value):
    window = Window.of(np.full((4, 4, 4), value, dtype=np.float32))
    assert window.high > window.low


def test_a_large_volume_is_drawn_from():
    array = RANDOM.integers(1, 1000, (260, 260, 260)).astype(np.int16)
    window = Window.of(array)
    assert window.low == pytest.approx(6, abs=2)
    assert window.high == pytest.approx(995, abs=2)


def test_the_window_of_a_volume_is_found_once():
    array = np.arange(1, 65, dtype=np.float32).reshape(4, 4, 4)
    volume = Volume(array, Grid(array.shape, np.eye(4)))
    assert window_of(volume) is window_of(volume)
