"""What a worker of an evaluation does."""

import subprocess
import sys

import pytest
from data_sets import break_case, write_case
from region_growing import RegionGrowing

from voxclick.cohort.staff import Staff
from voxclick.errors import UnknownNameError
from voxclick.evaluate.event import CaseEnd, Failure, Outcome
from voxclick.evaluate.layouts.folders import find
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.trials import Task, Trials

PROTOCOL = Protocol(clicks=1)
WORK = Trials("geodesic", PROTOCOL)


@pytest.fixture
def tasks(tmp_path):
    for name in ("a", "b", "c"):
        write_case(tmp_path / name)
    return [Task(case, frozenset({1})) for case in find(tmp_path)]


@pytest.mark.slow
def test_every_case_is_handed_out_once_without_what_is_done(tasks):
    with Staff("cpu", 2).hired() as crew:
        events = list(crew.run(tasks, WORK, []))
    ends = [event.case for event in events if isinstance(event, CaseEnd)]
    rows = [event.rows[0] for event in events if isinstance(event, Outcome)]
    assert sorted(ends) == ["a", "b", "c"]
    assert sorted((row.case, row.label) for row in rows) == [("a", 2), ("b", 2), ("c", 2)]


def test_a_second_try_tells_what_the_first_did_not(tmp_path):
    write_case(tmp_path / "a")
    (case,) = find(tmp_path)
    work = Trials("", PROTOCOL, RegionGrowing())
    do = work.begin("cpu")
    whole = list(do(Task(case)))
    for stopped in range(len(whole)):
        task = Task(case)
        for event in whole[:stopped]:
            task = work.after(task, event)
        again = [*whole[:stopped], *do(task)]
        assert [labels(event) for event in again] == [labels(event) for event in whole]
    assert work.after(task, whole[-1]) is None


def test_a_case_that_failed_as_a_whole_is_told_once_and_ends_as_failed(tmp_path):
    break_case(tmp_path / "a")
    (case,) = find(tmp_path)
    work = Trials("", PROTOCOL, RegionGrowing())
    do = work.begin("cpu")
    failure, _ = do(Task(case))
    left = work.after(Task(case), failure)
    assert list(do(left)) == [CaseEnd("a", (), 1)]


def test_a_failed_object_still_counts_when_the_case_is_tried_again(tmp_path):
    write_case(tmp_path / "a")
    (case,) = find(tmp_path)
    work = Trials("", PROTOCOL, RegionGrowing())
    left = work.after(Task(case), Failure("a", 1, "liver", "it broke"))
    *others, end = work.begin("cpu")(left)
    assert [labels(event) for event in others] == [("Outcome", 2)]
    assert end.failed == 1


def test_a_case_given_up_is_a_failure_that_names_it(tmp_path):
    write_case(tmp_path / "a")
    (case,) = find(tmp_path)
    told = WORK.lost(Task(case), "three died")
    assert told == (Failure("a", None, "", "three died"), CaseEnd("a", (), 1))


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_the_error_that_loading_raised(tasks):
    with Staff("cpu", 2).hired() as crew, pytest.raises(UnknownNameError, match="nonsense"):
        list(crew.run(tasks, Trials("nonsense", PROTOCOL), []))


@pytest.mark.slow
def test_a_script_that_processes_cannot_import_is_told_what_to_do(tasks, tmp_path):
    script = f"""
from pathlib import Path
from voxclick.evaluate.runner import Plan, evaluate
evaluate(Plan(Path({str(tmp_path)!r}), Path({str(tmp_path / "out")!r}), workers=2))
"""
    ended = subprocess.run(
        [sys.executable, "-"], input=script, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert 'if __name__ == "__main__":' in ended.stderr.splitlines()[-1]


def labels(event):
    rows = getattr(event, "rows", None)
    return (type(event).__name__, rows[0].label if rows else None)
