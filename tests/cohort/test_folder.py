"""One run at a time in a folder of results."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from voxclick.cohort.folder import held
from voxclick.errors import OptionError, OutputError

HOLD = """
import sys, time
from pathlib import Path
from voxclick.cohort.folder import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with held(tmp_path / "out"):
        with (
            pytest.raises(OptionError, match=r"out, another is at work.*--output") as caught,
            held(tmp_path / "out"),
        ):
            pass
        assert caught.value.exit_code == 2
        with held(tmp_path / "other"):
            pass
    with held(tmp_path / "out"):
        pass


def test_an_error_inside_lets_the_folder_go(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), held(tmp_path / "out"):
        raise KeyboardInterrupt
    with held(tmp_path / "out"):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
@pytest.mark.slow
def test_a_process_that_is_killed_lets_the_folder_go(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(OptionError, match="another is at work"), held(tmp_path / "out"):
            pass
        os.kill(other.pid, signal.SIGKILL)
    time.sleep(0.1)
    with held(tmp_path / "out"):
        pass


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"make .*gone first"), held(tmp_path / "gone" / "out"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--output"), held(tmp_path / "file"):
        pass
