"""Tasks spread over processes of this machine; one that dies is replaced, its task tried again."""

import logging
import os
import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic

from voxclick.cohort.backlog import Backlog, Turn
from voxclick.cohort.thread import ONE_THREAD
from voxclick.cohort.work import Task, Told, Work
from voxclick.errors import VoxclickError

READY, TOLD, FAILED = "ready", "told", "failed"


@dataclass(frozen=True)
class Seat:
    """Where one process works.

    Attributes:
        device: As `Work.begin` takes it.
        says: What its environment says besides, such as which GPU it sees.
    """

    device: str
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: BaseProcess
    connection: Connection
    seat: Seat
    turn: Turn[Task]


def run_here(tasks: Sequence[Task], work: Work[Task, Told], device: str) -> Iterator[Told]:
    """All tasks in this process."""
    do = work.begin(device)
    for task in tasks:
        yield from do(task)


def run_apart(
    tasks: Sequence[Task], work: Work[Task, Told], seats: Sequence[Seat], losses: list[str]
) -> Iterator[Told]:
    """All tasks, in a process a seat; what they tell comes as it happens.

    A task whose process dies is tried again in a new one, and given up at the third time.

    Args:
        tasks: At least one.
        work: What is done with them.
        seats: One for each process.
        losses: Gets one line for each process that was lost.

    Raises:
        VoxclickError: If the work cannot begin, or no process started.
    """
    backlog = Backlog(tasks, work, losses)
    free = list(seats)
    team: list[_Worker[Task]] = []
    started = False
    try:
        while backlog or team:
            while backlog and free:
                team.append(_start(work, free.pop(0), backlog.take()))
            ready = wait([worker.connection for worker in team])
            for worker in [one for one in team if one.connection in ready]:
                try:
                    kind, what = worker.connection.recv()
                except (EOFError, OSError):  # also in the midst of a message
                    team.remove(worker)
                    free.append(worker.seat)
                    yield from backlog.lose(worker.turn, _end_of(worker, started))
                    continue
                if kind == FAILED:
                    raise what
                if kind == READY:
                    started = True
                    continue
                ended = backlog.told(worker.turn, what)
                yield what
                if ended and not _goes_on(worker, backlog):
                    team.remove(worker)
                    free.append(worker.seat)
    finally:
        for worker in team:
            worker.process.terminate()


def _start(work: Work[Task, Told], seat: Seat, turn: Turn[Task]) -> _Worker[Task]:
    context = get_context("spawn")
    here, there = context.Pipe()
    quiet = logging.root.manager.disable >= logging.CRITICAL
    process = context.Process(target=_live, args=(there, work, seat.device, quiet), daemon=True)
    with _environment({**ONE_THREAD, **seat.says}):
        process.start()
    there.close()
    worker = _Worker(process, here, seat, turn)
    _hand_out(worker, turn.task)
    return worker


def _goes_on(worker: _Worker[Task], backlog: Backlog[Task, Any]) -> bool:
    """Give a worker its next task; without one it is told to end. Whether there was one."""
    if not backlog:
        _hand_out(worker, None)
        return False
    worker.turn = backlog.take()
    _hand_out(worker, worker.turn.task)
    return True


def _hand_out(worker: _Worker[Task], task: Task | None) -> None:
    with suppress(OSError):  # it died just now: the next thing received says so
        worker.connection.send(task)


def _end_of(worker: _Worker[Task], started: bool) -> str:
    worker.process.join()
    code = worker.process.exitcode
    if not started:
        raise VoxclickError(
            f"processes to work in could not be started, one ended with code {code}; use one "
            "worker, or, from a script, call it below 'if __name__ == \"__main__\":'"
        )
    return f"its process ended with code {code}"


def _live(connection: Connection, work: Work[Any, Any], device: str, quiet: bool) -> None:
    """The life of one process: begin, then task after task until there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    if quiet:  # as the parent is: what libraries log and warn of stays off the terminal
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
    try:
        do = work.begin(device)
    except Exception as error:  # noqa: BLE001  told to the parent, which raises it
        told = error if isinstance(error, VoxclickError) else VoxclickError(repr(error))
        connection.send((FAILED, told))
        return
    connection.send((READY, None))
    with suppress(EOFError, ConnectionError):  # the parent was killed
        while (task := connection.recv()) is not None:
            for told in do(task):
                connection.send((TOLD, told))


@contextmanager
def _environment(said: Mapping[str, str]) -> Iterator[None]:
    """Processes started inside are told this; what the environment said before comes back."""
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
