"""What every metric must keep; a new row in the table is tested by itself."""

import importlib
import math

import pytest
from phantoms import GRIDS, ball

from voxclick.metrics.kinds import METRICS, Metric
from voxclick.volume import Mask

ROWS = pytest.mark.parametrize("row", METRICS, ids=[row.name for row in METRICS])


def value(row: Metric, truth: Mask, predicted: Mask) -> float:
    function = getattr(importlib.import_module(row.module), row.function)
    options = {"tolerance_mm": 2.0} if row.takes_tolerance else {}
    return float(function(truth, predicted, **options))


@ROWS
@pytest.mark.parametrize("name", GRIDS)
def test_the_truth_itself_has_the_best_value_and_a_worse_mask_a_worse_one(
    row: Metric, name: str
) -> None:
    truth = ball(GRIDS[name], (20, 18, 16), 9.0)
    worse = ball(GRIDS[name], (20, 18, 16), 14.0)
    assert value(row, truth, truth) == (1.0 if row.higher_is_better else 0.0)
    if row.higher_is_better:
        assert value(row, truth, worse) < 1.0
    else:
        assert 0.0 < abs(value(row, truth, worse)) < math.inf
