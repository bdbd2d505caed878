"""Cases spread over processes."""

import os
import subprocess
import sys

import pytest
from data_sets import write_case

from voxclick.errors import OptionError
from voxclick.evaluate.event import CaseEnd, Outcome
from voxclick.evaluate.layouts.folders import find
from voxclick.evaluate.pool import THREADS, Job, run_apart
from voxclick.evaluate.protocol import Protocol

PROTOCOL = Protocol(clicks=1)


@pytest.fixture
def tasks(tmp_path):
    for name in ("a", "b", "c"):
        write_case(tmp_path / name)
    return [(case, frozenset({1})) for case in find(tmp_path)]


@pytest.mark.slow
def test_every_case_is_handed_out_once_without_what_is_done(tasks):
    events = list(run_apart(tasks, Job("geodesic", "cpu", PROTOCOL), workers=2))
    ends = [event.case for event in events if isinstance(event, CaseEnd)]
    rows = [event.rows[0] for event in events if isinstance(event, Outcome)]
    assert sorted(ends) == ["a", "b", "c"]
    assert sorted((row.case, row.label) for row in rows) == [("a", 2), ("b", 2), ("c", 2)]


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_the_error_that_loading_raised(tasks):
    with pytest.raises(OptionError, match="cuda:7"):
        list(run_apart(tasks, Job("geodesic", "cuda:7", PROTOCOL), workers=2))


@pytest.mark.slow
def test_the_environment_is_as_before(tasks, monkeypatch):
    monkeypatch.setenv(THREADS[0], "3")
    monkeypatch.delenv(THREADS[1], raising=False)
    next(run_apart(tasks, Job("geodesic", "cpu", PROTOCOL), workers=2))
    assert os.environ[THREADS[0]] == "3"
    assert THREADS[1] not in os.environ


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
