"""Laps."""

import time

import pytest

from voxclick.cli.stopwatch import Stopwatch


def test_laps_follow_each_other_and_add_up_by_name():
    watch = Stopwatch()
    time.sleep(0.03)
    watch.lap("read")
    time.sleep(0.02)
    first = watch.lap("prompts")
    time.sleep(0.01)
    second = watch.lap("prompts")
    assert list(watch.laps) == ["read", "prompts"]
    assert watch.laps["prompts"] == pytest.approx(first + second, abs=1e-3)
    assert sum(watch.laps.values()) == pytest.approx(watch.total, abs=5e-3)
    assert 0.03 <= watch.laps["read"] < watch.total
