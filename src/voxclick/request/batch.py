"""A batch from start to end: checked, resumed where it stopped, spread over workers, recorded."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from voxclick import __version__
from voxclick.cohort.folder import check_folder, held
from voxclick.cohort.staff import Staff
from voxclick.engine.growth.kinds import GROWTHS
from voxclick.errors import UnknownNameError
from voxclick.io.atomic import PART
from voxclick.io.kinds import FORMATS
from voxclick.models import ready_row
from voxclick.request.batch_check import check_rows
from voxclick.request.batch_list import Row, read_list
from voxclick.request.batch_record import Done, Failed, Record, Told, key_of, write_table
from voxclick.request.batch_work import Segmenting, Task
from voxclick.types import Space


@dataclass(frozen=True)
class Batch:
    """Which images to segment, with what, and where the results go.

    Attributes:
        path: The list (`request.batch_list`).
        output: The folder of the record, the table and the masks whose rows do not say where they
            go; made when it is not there.
        model: Name of the model; the default model when None.
        growth: How an object is followed past the view; as suits the model when None.
        space: Where coordinates live whose row does not say.
        staff: Who works.
    """

    path: Path
    output: Path
    model: str | None = None
    growth: str | None = None
    space: Space = "voxel"
    staff: Staff = field(default_factory=Staff)


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes:
        done: Images that are finished, failed ones too.
        of: Images there are.
        failed: Those that failed.
        lost: Workers that were lost so far; what they did was tried again.
    """

    done: int
    of: int
    failed: int
    lost: int


@dataclass(frozen=True)
class Finished:
    """What came of a batch.

    Attributes:
        table: The path of `batch.csv`.
        done: How many masks there are.
        before: How many of them an earlier run had made.
        failed: The rows without a mask, and why.
        notes: Rows with something the user should know.
    """

    table: Path
    done: int
    before: int
    failed: tuple[tuple[Row, str], ...]
    notes: tuple[tuple[Row, str], ...]


Watch = Callable[[Progress], None]


def segment_batch(batch: Batch, restart: bool = False, watch: Watch | None = None) -> Finished:
    """Segment every image of a list, going on where an earlier run stopped.

    Writes the masks, and into the folder `batch.csv` and `batch.jsonl`. From a script, call it
    below `if __name__ == "__main__":`, since the processes that work import the script anew.

    Args:
        batch: What to do.
        restart: Begin anew: forget what an earlier run has done.
        watch: Told of the progress after every image.

    Raises:
        InputError: If the list, a row or a name is wrong; nothing is written then.
        OutputError: If the results cannot be written.
    """
    check_folder(batch.output)
    rows = read_list(batch.path, batch.output, batch.space)
    check_rows(rows, batch.output)
    _check_growth(batch.growth)
    work = Segmenting(_model(batch.model), batch.growth)
    settings = {"model": work.model, "growth": work.growth, "voxclick": __version__}
    with batch.staff.hired() as crew, held(batch.output):
        record = Record(batch.output, restart)
        ends: dict[str, Told] = {}
        tasks: list[Task] = []
        for row in rows:
            key = key_of(row, settings)
            if (entry := record.done(row.request.output, key)) is None:
                tasks.append(Task(row.where, row.request, key))
            else:
                ends[entry.output] = entry
        before = len(ends)
        record.begin(filter(_is_folder, (task.request.output for task in tasks)))
        losses: list[str] = []
        try:
            with closing(crew.run(tasks, work, losses)) as told:
                for end in told:
                    ends[end.output] = end
                    if isinstance(end, Done):
                        record.add(end)
                    if watch is not None:
                        failed = sum(isinstance(one, Failed) for one in ends.values())
                        watch(Progress(len(ends), len(rows), failed, len(losses)))
        finally:
            table = write_table(batch.output, rows, ends)
            if losses:  # what a worker was writing when it died
                for left in batch.output.glob(f"{PART}*"):
                    shutil.rmtree(left, ignore_errors=True)
    return _finished(table, rows, ends, before)


def _model(name: str | None) -> str:
    """The name of a model that is here; a file of weights by a path that all machines share."""
    row = ready_row(name)
    path = Path(row.name)
    return str(path.absolute()) if path.is_file() else row.name


def _check_growth(name: str | None) -> None:
    known = [row.name for row in GROWTHS]
    if name is not None and name not in known:
        raise UnknownNameError(f"growth must be one of {', '.join(known)}, got {name!r}")


def _is_folder(output: Path) -> bool:
    name = output.name.lower()
    return any(kind.is_folder and name.endswith(kind.suffixes) for kind in FORMATS)


def _finished(table: Path, rows: list[Row], ends: dict[str, Told], before: int) -> Finished:
    failed: list[tuple[Row, str]] = []
    notes: list[tuple[Row, str]] = []
    for row in rows:
        end = ends[str(row.request.output)]
        if isinstance(end, Failed):
            failed.append((row, end.reason))
        else:
            notes += [(row, note) for note in end.notes]
    return Finished(table, len(rows) - len(failed), before, tuple(failed), tuple(notes))
