"""What a worker of a batch does: image after image, with one model; it writes the masks itself."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voxclick import io
from voxclick.cohort.reason import reason_of
from voxclick.cohort.work import Work
from voxclick.engine.growth import make_growth
from voxclick.engine.session import Session
from voxclick.models import load
from voxclick.models.base import Segmenter
from voxclick.request.answer import answer, placed
from voxclick.request.batch_record import Done, Failed, Told
from voxclick.request.request import Request

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One mask to make.

    Attributes:
        where: The row, for people.
        request: What is asked for.
        key: What goes into the record with it.
    """

    where: str
    request: Request
    key: str


@dataclass(frozen=True)
class Segmenting(Work[Task, Told]):
    """Requests, answered and written.

    Attributes:
        model: Name of the model.
        growth: How an object is followed past the view; as suits the model when None.
    """

    model: str
    growth: str | None = None

    def begin(self, device: str) -> Callable[[Task], Iterator[Told]]:  # noqa: D102
        segmenter = load(self.model, device)
        make_growth(segmenter.spec, self.growth)  # raises for all where a session would for each

        def run(task: Task) -> Iterator[Told]:
            try:
                yield _segment(task, segmenter, self.growth)
            except Exception as error:  # a batch goes on past one bad image
                logger.debug("%s failed", task.where, exc_info=True)
                yield Failed(str(task.request.output), reason_of(error))

        return run

    def files(self, task: Task) -> Sequence[Path]:  # noqa: D102
        return (*task.request.files, task.request.output.parent)

    def after(self, task: Task, told: Told) -> Task | None:  # noqa: D102
        return None

    def lost(self, task: Task, reason: str) -> Sequence[Told]:  # noqa: D102
        return (Failed(str(task.request.output), reason),)

    def name(self, task: Task) -> str:  # noqa: D102
        return task.where


def _segment(task: Task, segmenter: Segmenter, growth: str | None) -> Done:
    request = task.request
    started = time.perf_counter()
    if request.output.is_dir():  # of an earlier run, or of a worker that was lost
        shutil.rmtree(request.output)
    volume = io.read(request.image, request.series)
    asked = placed(request, volume)
    segmented = answer(asked, Session(volume, segmenter, growth=growth))
    io.write(segmented.labels, request.output)
    seconds = round(time.perf_counter() - started, 4)
    return Done(str(request.output), task.key, segmented.volumes_ml, seconds, segmented.notes)
