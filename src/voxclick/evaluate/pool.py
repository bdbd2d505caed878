"""Cases spread over processes, one thread each; a process that dies costs its case, no more."""

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import numpy as np

from voxclick.engine import Session
from voxclick.errors import VoxclickError
from voxclick.evaluate.case import Case
from voxclick.evaluate.event import CaseEnd, Event, Failure
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.trial import run_case
from voxclick.geometry import Grid
from voxclick.models import load
from voxclick.models.base import Segmenter
from voxclick.prompts import Point
from voxclick.volume import Volume

THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
"""What tells torch, numpy, numba and SimpleITK how many threads a process may use."""

Task = tuple[Case, frozenset[int]]
"""A case, and its labels that are finished already."""


@dataclass(frozen=True)
class Job:
    """What every process is told once.

    Attributes:
        model: Name of the model.
        device: Where it computes.
        protocol: What to do with each object.
    """

    model: str
    device: str
    protocol: Protocol


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    case: str = ""


def run_here(tasks: Sequence[Task], job: Job, segmenter: Segmenter | None) -> Iterator[Event]:
    """All cases in this process, with a model loaded now unless one is given."""
    model = segmenter if segmenter is not None else ready_model(job)
    for case, done in tasks:
        yield from run_case(case, job.protocol, model, done)


def run_apart(tasks: Sequence[Task], job: Job, workers: int) -> Iterator[Event]:
    """All cases, in so many processes; events come as they happen.

    A process that dies gives a `Failure` of its case and is replaced.

    Raises:
        VoxclickError: If the model cannot be loaded, or no process started.
    """
    waiting = deque(tasks)
    team: list[_Worker] = []
    started = False
    try:
        while waiting or team:
            while waiting and len(team) < workers:
                team.append(_start(job))
                _hand_out(team[-1], waiting)
            ready = wait([worker.connection for worker in team])
            for worker in [one for one in team if one.connection in ready]:
                try:
                    event = worker.connection.recv()
                except (EOFError, ConnectionError):
                    team.remove(worker)
                    yield from _died(worker, started)
                    continue
                if isinstance(event, Exception):
                    raise event
                if event is None:
                    started = True
                    continue
                yield event
                if isinstance(event, CaseEnd) and not _hand_out(worker, waiting):
                    team.remove(worker)
    finally:
        for worker in team:
            worker.process.terminate()


def ready_model(job: Job) -> Segmenter:
    """The model, after one click on noise: what it compiles is not counted as an object's time."""
    segmenter = load(job.model, job.device)
    if Point.kind in segmenter.spec.prompts:
        noise = np.random.default_rng(0).normal(size=(24, 24, 24)).astype(np.float32)
        Session(Volume(noise, Grid((24, 24, 24), np.eye(4))), segmenter).add(Point((12, 12, 12)))
    return segmenter


def _start(job: Job) -> _Worker:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, job), daemon=True)
    with _one_thread_each():
        process.start()
    there.close()
    return _Worker(process, here)


def _hand_out(worker: _Worker, waiting: deque[Task]) -> bool:
    """Give a worker its next case; without one it is told to end. Whether there was one."""
    task = waiting.popleft() if waiting else None
    worker.case = task[0].name if task else ""
    with suppress(ConnectionError):  # it died just now: the next thing received says so
        worker.connection.send(task)
    return task is not None


def _died(worker: _Worker, started: bool) -> Iterator[Event]:
    worker.process.join()
    if not started:
        raise VoxclickError(
            f"processes to work in could not be started, one ended with code "
            f"{worker.process.exitcode}; use one worker, or, from a script, call evaluate below "
            "'if __name__ == \"__main__\":'"
        )
    reason = (
        f"the process that worked on it ended with code {worker.process.exitcode}; if memory ran "
        "out, run again with fewer workers"
    )
    yield Failure(worker.case, None, "", reason)
    yield CaseEnd(worker.case, (), 1)


def _work(connection: Connection, job: Job) -> None:
    """The life of one process: load the model, then case after case until there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    try:
        segmenter = ready_model(job)
    except Exception as error:  # noqa: BLE001  told to the parent, which raises it
        told = error if isinstance(error, VoxclickError) else VoxclickError(repr(error))
        connection.send(told)
        return
    connection.send(None)
    with suppress(EOFError, ConnectionError):  # the parent was killed
        while (task := connection.recv()) is not None:
            for event in run_case(task[0], job.protocol, segmenter, task[1]):
                connection.send(event)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread; what the environment said before comes back."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
