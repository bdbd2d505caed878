"""What a worker of an evaluation does: case after case, with one model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from voxclick.cohort.work import Work
from voxclick.engine import Session
from voxclick.evaluate.case import Case
from voxclick.evaluate.event import CaseEnd, Event, Failure, Outcome
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.trial import run_case
from voxclick.geometry import Grid
from voxclick.models import load
from voxclick.models.base import Segmenter
from voxclick.prompts import Point
from voxclick.volume import Volume


@dataclass(frozen=True)
class Task:
    """What is left to do of a case.

    Attributes:
        case: Which case.
        done: Labels that need no more trying.
        failed: How many failures were told.
        broken: Whether the case as a whole was one of them.
    """

    case: Case
    done: frozenset[int] = frozenset()
    failed: int = 0
    broken: bool = False


@dataclass(frozen=True, eq=False)
class Trials(Work[Task, Event]):
    """Every object of a case with a simulated user.

    Attributes:
        model: Name of the model.
        protocol: What to do with each object.
        segmenter: A loaded model to use in its place, in this process.
    """

    model: str
    protocol: Protocol
    segmenter: Segmenter | None = None

    def begin(self, device: str) -> Callable[[Task], Iterator[Event]]:  # noqa: D102
        given = self.segmenter
        segmenter = given if given is not None else ready_model(self.model, device)

        def run(task: Task) -> Iterator[Event]:
            if task.broken:
                yield CaseEnd(task.case.name, (), task.failed)
                return
            for event in run_case(task.case, self.protocol, segmenter, task.done):
                if isinstance(event, CaseEnd):
                    yield replace(event, failed=event.failed + task.failed)
                else:
                    yield event

        return run

    def files(self, task: Task) -> Sequence[Path]:  # noqa: D102
        case = task.case
        some = (case.image, case.labels, case.boxes, *case.masks.values())
        return [path for path in some if path is not None]

    def after(self, task: Task, told: Event) -> Task | None:  # noqa: D102
        if isinstance(told, CaseEnd):
            return None
        if isinstance(told, Outcome):
            return replace(task, done=task.done | {told.rows[0].label})
        failed = task.failed + 1
        if told.label is None:
            return replace(task, failed=failed, broken=True)
        return replace(task, failed=failed, done=task.done | {told.label})

    def lost(self, task: Task, reason: str) -> Sequence[Event]:  # noqa: D102
        name = task.case.name
        return (Failure(name, None, "", reason), CaseEnd(name, (), task.failed + 1))

    def name(self, task: Task) -> str:  # noqa: D102
        return task.case.name


def ready_model(model: str, device: str) -> Segmenter:
    """The model, after one click on noise: what it compiles is not counted as an object's time."""
    segmenter = load(model, device)
    if Point.kind in segmenter.spec.prompts:
        noise = np.random.default_rng(0).normal(size=(24, 24, 24)).astype(np.float32)
        Session(Volume(noise, Grid((24, 24, 24), np.eye(4))), segmenter).add(Point((12, 12, 12)))
    return segmenter
