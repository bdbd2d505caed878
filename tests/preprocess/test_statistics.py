import numpy as np
import pytest

from voxclick.preprocess.statistics import Intensity


def test_a_volumes_statistics_leave_out_what_sticks_out():
    array = np.random.default_rng(0).normal(100, 10, (40, 40, 40)).astype(np.float32)
    array[0, 0, 0], array[1, 1, 1] = 1e6, np.nan
    found = Intensity.of(array)
    assert (found.mean, found.std) == (pytest.approx(100, abs=0.5), pytest.approx(10, abs=0.5))
    assert found.low == pytest.approx(100 - 2.58 * 10, abs=1)
    assert found.high == pytest.approx(100 + 2.58 * 10, abs=1)


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_a_volume_of_one_value_can_be_normalised(value):
    found = Intensity.of(np.full((3, 4, 5), value, dtype=np.float32))
    assert np.isfinite([found.low, found.high, found.mean]).all()
    assert found.std > 0
