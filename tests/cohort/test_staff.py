"""How many workers, and where."""

import pytest
from counting_work import Count, Counting

from voxclick.cohort.processes import Seat
from voxclick.cohort.staff import VISIBLE, Staff, visible_gpus
from voxclick.errors import OptionError


def test_a_number_that_cannot_be_is_an_error():
    with pytest.raises(OptionError, match="-1"):
        Staff(workers=-1)


def test_a_device_that_is_not_there_is_an_error_before_any_work():
    with pytest.raises(OptionError, match="cuda:7"), Staff("cuda:7").hired():
        pass


def test_on_a_cpu_there_is_a_worker_a_core_unless_told():
    assert Staff("cpu", 3).seats() == [Seat("cpu")] * 3
    assert len(Staff("cpu").seats()) >= 1


def test_nothing_is_started_for_no_tasks():
    with Staff("cpu", 2).hired() as crew:
        assert list(crew.run([], Counting("it would not begin"), [])) == []


def test_one_task_needs_no_process():
    with Staff("cpu", 8).hired() as crew:
        assert len(list(crew.run([Count("a")], Counting(), []))) == 4


def test_gpus_are_named_as_the_environment_names_them(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setenv(VISIBLE, "5,7")
    assert visible_gpus() == ["5", "7"]
    monkeypatch.delenv(VISIBLE)
    assert visible_gpus() == ["0", "1"]
