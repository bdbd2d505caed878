"""An evaluation from start to end: resumed where it stopped, spread over cores, reported."""

import importlib
import json
import logging
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from voxclick.errors import OptionError
from voxclick.evaluate.case import Case
from voxclick.evaluate.dataset import Dataset, find_dataset
from voxclick.evaluate.event import CaseEnd, Event, Failure
from voxclick.evaluate.folder import held
from voxclick.evaluate.picture import draw_object
from voxclick.evaluate.pool import Job, Task, run_apart, run_here
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.preset import preset_row
from voxclick.evaluate.protocol import GIVEN, Protocol
from voxclick.evaluate.report import Shown, write_page
from voxclick.evaluate.results import Row
from voxclick.evaluate.store import Store
from voxclick.evaluate.strata import strata_of
from voxclick.evaluate.summary import Measured, Summary, summarise
from voxclick.evaluate.table import Results, Table
from voxclick.models import ready_row
from voxclick.models.base import Segmenter
from voxclick.models.device import resolve_device
from voxclick.prompts import BoxPrompt
from voxclick.simulate.kinds import make_user, user_row
from voxclick.types import Json
from voxclick.volume import Mask

logger = logging.getLogger(__name__)

PACKAGES = ("voxclick", "torch", "numpy", "SimpleITK")


@dataclass(frozen=True)
class Plan:
    """What to evaluate, on what, and where the results go.

    Attributes:
        data: A folder of labelled cases in a known layout.
        output: The folder of results; made when it is not there.
        protocol: What is done with each object.
        cases: Names or shell patterns of the cases; all when empty.
        model: Name of the model; the default model when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.
        workers: How many processes; one a core on a CPU and one on a GPU when None. With 0 or 1
            all is done in this process.
        limit: At most so many cases, drawn by the protocol's seed; all when None.
        pictures: How many of the worst objects the page shows.

    Raises:
        OptionError: If a number is out of range.
    """

    data: Path
    output: Path
    protocol: Protocol = field(default_factory=Protocol)
    cases: tuple[str, ...] = ()
    model: str | None = None
    device: str = "auto"
    workers: int | None = None
    limit: int | None = None
    pictures: int = 8

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 0:
            raise OptionError(f"workers must be 0 or more, got {self.workers}")
        if self.limit is not None and self.limit < 1:
            raise OptionError(f"limit must be 1 or more, got {self.limit}")
        if self.pictures < 0:
            raise OptionError(f"pictures must be 0 or more, got {self.pictures}")


@dataclass(frozen=True)
class Progress:
    """How far an evaluation is.

    Attributes:
        cases: Cases that are finished.
        of: Cases there are.
        objects: Objects that are finished.
        failures: What failed so far.
    """

    cases: int
    of: int
    objects: int
    failures: int


Watch = Callable[[Progress], None]


def evaluate(
    plan: Plan,
    segmenter: Segmenter | None = None,
    restart: bool = False,
    watch: Watch | None = None,
) -> Summary:
    """Evaluate, going on where an earlier run into the same folder stopped.

    Writes `results.csv`, `summary.json`, `report.html`, `settings.json`, `cases.jsonl`, the table
    of a published protocol and, below `objects/`, each object's prompt log and last mask. From
    a script, call it below `if __name__ == "__main__":`, since the processes that work import the
    script anew.

    Args:
        plan: What to do.
        segmenter: A loaded model to use in this process in place of the plan's.
        restart: Begin anew: delete what an earlier evaluation left in the folder.
        watch: Told of the progress after every object and case.

    Raises:
        InputError: If the data, a name or an option is wrong, the folder holds results of other
            settings, or another evaluation is writing to it.
        OutputError: If the results cannot be written.
    """
    dataset = find_dataset(plan.data).chosen(plan.cases)
    settings = _settings(plan, dataset, segmenter)
    dataset = dataset.limited(plan.limit, plan.protocol.seed)
    device = segmenter.device if segmenter is not None else resolve_device(plan.device)
    with held(plan.output):
        store = Store(plan.output, settings, plan.protocol.steps, restart)
        done = store.done()
        tasks = [
            (case, done.get(case.name, frozenset()))
            for case in dataset.cases
            if not store.finished(case.name)
        ]
        for case in dataset.unlabelled:
            store.record(Failure(case.name, None, "", case.problem))
        finished = len(dataset.cases) - len(tasks)
        job = Job(settings["model"], plan.device, plan.protocol)
        workers = min(len(tasks), _workers(plan, device.type))
        for event in _events(tasks, job, workers, segmenter):
            store.record(event)
            finished += isinstance(event, CaseEnd)
            if watch is not None:
                objects, failures = len(store.results.objects), len(store.failures)
                watch(Progress(finished, len(dataset.cases), objects, failures))
        if not store.results.objects and not store.failures:
            raise OptionError(
                f"objects of at least {plan.protocol.min_voxels} voxels with one of the labels "
                f"{', '.join(plan.protocol.labels) or '(any)'} are needed, got none in {plan.data} "
                f"({store.small} are smaller); change --labels or --min-voxels"
            )
        return _report(store, dataset, Measured(settings, _versions(), str(device)), plan)


def _settings(plan: Plan, dataset: Dataset, segmenter: Segmenter | None) -> Json:
    """What decides about the results, checked."""
    if segmenter is None:
        row = ready_row(plan.model)
        name, kinds = row.name, frozenset(row.prompts)
    else:
        name, kinds = segmenter.spec.name, segmenter.spec.prompts
    _check_users(plan.protocol, name, kinds)
    return {
        "data": str(plan.data.resolve()),
        "layout": dataset.layout,
        **({"cases": list(plan.cases)} if plan.cases else {}),
        "limit": plan.limit,
        "model": name,
        "device": plan.device if segmenter is None else str(segmenter.device),
        **plan.protocol.to_json(),
        "voxclick": _versions()["voxclick"],
    }


def _check_users(protocol: Protocol, model: str, kinds: frozenset[str]) -> None:
    """Raise unless the users are known and the model takes what they give."""
    for spelt in filter(None, (protocol.user, protocol.first)):
        if spelt == GIVEN:
            given = {BoxPrompt.kind}
        else:
            make_user(spelt)
            given = set(user_row(spelt).prompts)
        if others := given - kinds:
            raise OptionError(
                f"the simulated user {spelt!r} gives {', '.join(sorted(others))}, and the model "
                f"{model!r} takes {', '.join(sorted(kinds))}; choose another --user or --model"
            )


def _events(
    tasks: Sequence[Task], job: Job, workers: int, segmenter: Segmenter | None
) -> Iterator[Event]:
    if not tasks:
        return iter(())
    if segmenter is not None or workers <= 1:
        return run_here(tasks, job, segmenter)
    return run_apart(tasks, job, workers)


def _workers(plan: Plan, device: str) -> int:
    if plan.workers is not None:
        return plan.workers
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed as a package"
    return versions


def _report(store: Store, dataset: Dataset, measured: Measured, plan: Plan) -> Summary:
    """Write the tables in order, the summary and the page."""
    store.results.sort([case.name for case in dataset.cases])
    groups = {case.name: case.group for case in dataset.cases}
    objects = list(store.results.objects.values())
    summary = summarise(objects, measured, groups, store.small, store.failures, plan.pictures)
    tables = _tables(Results(objects, plan.protocol, groups))
    summary = replace(summary, tables=tables, strata=strata_of(objects, store.facts()))
    for table in summary.tables:
        store.write(table.file, table.to_csv())
    store.write("summary.json", json.dumps(summary.to_json(), indent=2) + "\n")
    cases = {case.name: case for case in dataset.cases}
    shown = [_show(store, cases[row.case], row, plan.protocol) for row in summary.worst]
    store.write("report.html", write_page(summary, shown))
    return summary


def _tables(results: Results) -> tuple[Table, ...]:
    """The protocol's own tables, if it has any and there is something in them."""
    name = results.protocol.name
    module = preset_row(name).table if name else ""
    if not module or not results.objects:
        return ()
    tables: tuple[Table, ...] = importlib.import_module(module).make_tables(results)
    return tables


def _show(store: Store, case: Case, row: Row, protocol: Protocol) -> Shown:
    """A worst object's picture, from the data set and what was kept of the run."""
    try:
        prepared = prepare_case(case, protocol)
        volume = prepared.volume
        target = next(one for one in prepared.targets if one.label == row.label)
        box, inside = store.mask(row)
        array = np.zeros(volume.grid.shape, dtype=np.bool_)
        array[box.slices] = inside
        predicted = Mask(array, volume.grid)
        title = f"{row.name}: Dice {row.dice:.3f}"
        prompts = [step.prompt for log in store.log(row).objects for step in log.steps]
        return Shown(row, draw_object(volume, target.mask, predicted, prompts, title))
    except Exception as error:  # a page without one picture is better than none
        logger.debug("no picture of %s, %s", row.case, row.name, exc_info=True)
        return Shown(row, None, " ".join(str(error).split()) or type(error).__name__)
