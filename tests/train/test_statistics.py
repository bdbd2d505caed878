"""Statistics of foreground."""

import numpy as np
import pytest
from data_sets import write_case

from voxclick.errors import InputError
from voxclick.train.statistics import statistics_of
from voxclick.train.volumes import Volumes


def test_the_foreground_of_the_wanted_structures_is_measured(tmp_path):
    write_case(tmp_path / "a")
    volumes = Volumes(tmp_path)
    held = volumes.held(volumes.names[0])
    inside = held.array[held.labels == 1]
    found = statistics_of([held], ("liver",))
    assert found.mean == pytest.approx(inside.mean(), rel=1e-4)
    assert found.std == pytest.approx(inside.std(), rel=1e-3)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(inside, (0.5, 99.5))))
    both = statistics_of([held], ())
    assert both.mean != found.mean


def test_statistics_of_nothing_are_refused(tmp_path):
    write_case(tmp_path / "a")
    volumes = Volumes(tmp_path)
    with pytest.raises(InputError, match="structures"):
        statistics_of([volumes.held(volumes.names[0])], ("heart",))
