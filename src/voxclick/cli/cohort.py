"""What commands that work on a cohort share: one bar of progress, and where the workers are."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import tyro

from voxclick.cli import terminal
from voxclick.cli.terminal import tell

EVERY_S = 15.0
"""Seconds between lines of progress where there is no terminal."""
INTERRUPTED = 130
"""The exit code after Ctrl-C."""

RAY = tyro.conf.arg(metavar="auto|local|HOST:PORT", help_behavior_hint="")
"""The option `--ray`."""

Show = Callable[[int, int, str], None]


class Count:
    """How far a cohort is, shown as it goes.

    Args:
        show: Gets the number that is done, of how many, and what else is to be told.

    Attributes:
        lost: Workers that were lost so far.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self.lost = 0

    def __call__(self, done: int, of: int, told: str, lost: int) -> None:
        """Show it."""
        self.lost = lost
        self._show(done, of, f"{told}{f', {workers(lost)} lost' if lost else ''}")


@contextmanager
def counted(verb: str, what: str) -> Iterator[Count]:
    """Progress on stderr, from two seconds on: a bar on a terminal, else a line now and then.

    Args:
        verb: What is being done, such as "evaluating".
        what: With it, such as "cases".
    """
    with _bar(verb, what) if sys.stderr.isatty() else _lines(what) as show:
        yield Count(show)


def tell_losses(count: Count) -> None:
    """Say on stderr that workers were lost, if any were."""
    if count.lost:
        tell(f"voxclick: note: {workers(count.lost)} lost; what they were at was tried again")


def workers(number: int) -> str:
    """A number of workers, in words."""
    return f"{number} worker{'s' if number != 1 else ''}"


@contextmanager
def _bar(verb: str, what: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    counts = f"{{task.completed:.0f}}/{{task.total:.0f}} {what}, {{task.fields[told]}}"
    columns = (TextColumn(verb), BarColumn(), TextColumn(counts), TimeElapsedColumn())
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=1, told="starting")
    timer = Timer(terminal.PATIENCE_S, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda done, of, told: bar.update(task, completed=done, total=of, told=told)
    finally:
        timer.cancel()
        bar.stop()


@contextmanager
def _lines(what: str) -> Iterator[Show]:
    next_at = time.monotonic() + terminal.PATIENCE_S

    def show(done: int, of: int, told: str) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + EVERY_S
            tell(f"voxclick: {done}/{of} {what}, {told} ...")

    yield show
