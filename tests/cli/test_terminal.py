"""What is said where."""

import time

from voxclick.cli import terminal
from voxclick.cli.terminal import Progress, say, tell


def test_results_go_to_stdout_and_errors_to_stderr_in_one_line_each(capsys):
    say("a\nresult")
    tell("an\r\nerror\n")
    told = capsys.readouterr()
    assert told.out == "a result\n"
    assert told.err == "an error\n"


def test_a_long_step_says_so_once_and_a_short_one_is_silent(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "PATIENCE_S", 0.1)
    with Progress() as progress:
        progress.step("quick")
        progress.step("slow")
        time.sleep(0.3)
        progress.step("quick again")
    time.sleep(0.2)
    assert capsys.readouterr().err == "voxclick: slow ...\n"


def test_a_long_check_stays_silent_where_nobody_watches(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "PATIENCE_S", 0.05)
    with Progress() as progress:
        progress.step("reading", checking=True)
        time.sleep(0.2)
    assert capsys.readouterr().err == ""
