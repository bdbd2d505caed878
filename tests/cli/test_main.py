"""The way in and the ways out of the command line."""

import os
import subprocess
import sys

import pytest
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cli import main
from voxclick.cli.models import Models


def test_the_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"voxclick {vc.__version__}\n"


def test_help_is_not_a_failure(capsys):
    assert main(["segment", "--help"]) == 0
    assert "--negative-scribble" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("no room"), 1, "unexpected MemoryError: no room; run it again with --debug"),
        (RuntimeError("two\nlines"), 1, "RuntimeError: two lines"),
        (vc.VoxclickError("the work failed"), 1, "the work failed"),
        (vc.InputError("a\nb"), 2, "a b"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_way_to_fail_has_its_code_and_one_line(error, code, said, capsys, monkeypatch):
    def fail(self):
        raise error

    monkeypatch.setattr(Models, "run", fail)
    assert main(["models"]) == code
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1


def test_debug_shows_the_traceback(capsys, monkeypatch):
    def fail(self):
        raise RuntimeError("deep inside")

    monkeypatch.setattr(Models, "run", fail)
    assert main(["models", "--debug"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.splitlines()[-1] == "voxclick: error: unexpected RuntimeError: deep inside"


@pytest.mark.slow
def test_a_reader_who_leaves_early_is_no_error():
    words = [sys.executable, "-m", "voxclick.cli", "info", "sample"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == ""


@pytest.mark.slow
def test_a_terminal_without_utf_8_is_no_error(tmp_path):
    volume, _ = bright_ball(GRIDS["straight"], (20, 18, 16), 9.0)
    vc.write(volume, tmp_path / "tumör.nii.gz")
    words = ["segment", tmp_path / "tumör.nii.gz", "-o", tmp_path / "größe.nii.gz"]
    done = subprocess.run(
        [sys.executable, "-m", "voxclick.cli", *words, "--point", "20,18,16", "--name", "Größe"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert all(line.endswith(b" ...") for line in done.stderr.splitlines())  # progress alone
    assert b"Gr\\xf6\\xdfe" in done.stdout
