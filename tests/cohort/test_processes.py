"""Tasks spread over processes."""

import os

import pytest
from counting_work import END, Count, Counting

from voxclick.cohort.processes import Seat, run_apart, run_here
from voxclick.cohort.thread import THREADS
from voxclick.errors import OptionError, VoxclickError

SEATS = [Seat("cpu")] * 2


def counted(*tasks):
    return sorted((task.name, str(n)) for task in tasks for n in (*range(task.upto), END))


def as_text(told):
    return sorted((name, str(said)) for name, said in told)


def test_in_this_process_tasks_come_one_after_the_other():
    told = list(run_here([Count("a", 1), Count("b", 1)], Counting(), "cpu"))
    assert told == [("a", 0), ("a", END), ("b", 0), ("b", END)]


@pytest.mark.slow
def test_every_task_is_done_once():
    tasks = [Count(f"t{n}") for n in range(5)]
    assert as_text(run_apart(tasks, Counting(), SEATS, [])) == counted(*tasks)


@pytest.mark.slow
def test_a_task_whose_process_dies_is_finished_by_another_and_nothing_is_told_twice(tmp_path):
    tasks = [Count("a"), Count("b", upto=6, deaths=2, scratch=tmp_path), Count("c")]
    losses = []
    assert as_text(run_apart(tasks, Counting(), SEATS, losses)) == counted(*tasks)
    assert losses == ["b: its process ended with code -9"] * 2


@pytest.mark.slow
def test_a_task_that_loses_three_processes_is_given_up_and_the_rest_goes_on(tmp_path):
    tasks = [Count("a", deaths=9, upto=2, scratch=tmp_path), Count("b"), Count("c")]
    told = list(run_apart(tasks, Counting(), SEATS, []))
    assert as_text(one for one in told if one[0] != "a") == counted(*tasks[1:])
    number, reason, end = (said for name, said in told if name == "a")
    assert (number, end) == (0, END)
    assert "its process ended with code -9" in reason


@pytest.mark.slow
def test_what_goes_wrong_at_the_start_is_the_error():
    with pytest.raises(OptionError, match="no such thing"):
        list(run_apart([Count("a"), Count("b")], Counting("no such thing"), SEATS, []))


@pytest.mark.slow
def test_a_crash_at_the_start_says_what_crashed():
    with pytest.raises(VoxclickError, match="it broke"):
        list(run_apart([Count("a"), Count("b")], Counting(crash="it broke"), SEATS, []))


@pytest.mark.slow
def test_the_environment_is_as_before(monkeypatch):
    monkeypatch.setenv(THREADS[0], "3")
    monkeypatch.delenv(THREADS[1], raising=False)
    next(run_apart([Count("a"), Count("b")], Counting(), SEATS, []))
    assert os.environ[THREADS[0]] == "3"
    assert THREADS[1] not in os.environ
