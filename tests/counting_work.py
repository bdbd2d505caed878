"""Work for the workers of a cohort that loads nothing, and dies where it is told to."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voxclick.cohort.work import Work
from voxclick.errors import OptionError

Said = tuple[str, int | str]
END = "end"


@dataclass(frozen=True)
class Count:
    """Count up to a number.

    Attributes:
        name: Of the task.
        upto: How far.
        start: From where.
        deaths: How often the worker dies on the way, all tries together.
        scratch: Where deaths are counted.
        needs: A file that must be there.
        pause_s: Seconds between two numbers.
    """

    name: str
    upto: int = 3
    start: int = 0
    deaths: int = 0
    scratch: Path | None = None
    needs: Path | None = None
    pause_s: float = 0.0


@dataclass(frozen=True)
class Counting(Work[Count, Said]):
    """Tells (name, number), and (name, "end") last."""

    wrong: str = ""
    crash: str = ""

    def begin(self, device: str) -> Callable[[Count], Iterator[Said]]:
        if self.wrong:
            raise OptionError(self.wrong)
        if self.crash:
            raise ValueError(self.crash)
        return _count

    def files(self, task: Count) -> Sequence[Path]:
        return () if task.needs is None else (task.needs,)

    def after(self, task: Count, told: Said) -> Count | None:
        return None if told[1] == END else replace(task, start=int(told[1]) + 1)

    def lost(self, task: Count, reason: str) -> Sequence[Said]:
        return ((task.name, reason), (task.name, END))

    def name(self, task: Count) -> str:
        return task.name


def _count(task: Count) -> Iterator[Said]:
    for number in range(task.start, task.upto):
        if number == task.upto // 2 and task.scratch is not None:
            _die_perhaps(task, task.scratch)
        time.sleep(task.pause_s)
        yield task.name, number
    yield task.name, END


def _die_perhaps(task: Count, scratch: Path) -> None:
    mark = f"{task.name}-death"
    dead = len(list(scratch.glob(f"{mark}*")))
    if dead < task.deaths:
        (scratch / f"{mark}{dead}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
