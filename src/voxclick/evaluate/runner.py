"""An evaluation from start to end: resumed where it stopped, spread over cores, reported."""

import importlib
import json
import logging
import platform
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from voxclick.cohort.folder import held
from voxclick.cohort.staff import Staff
from voxclick.errors import OptionError
from voxclick.evaluate.case import Case
from voxclick.evaluate.dataset import Dataset, find_dataset
from voxclick.evaluate.event import CaseEnd, Failure
from voxclick.evaluate.picture import draw_object
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.preset import preset_row
from voxclick.evaluate.protocol import GIVEN, Protocol
from voxclick.evaluate.report import Shown, write_page
from voxclick.evaluate.results import Row
from voxclick.evaluate.store import Store
from voxclick.evaluate.strata import strata_of
from voxclick.evaluate.summary import Measured, Summary, summarise
from voxclick.evaluate.table import Results, Table
from voxclick.evaluate.trials import Task, Trials
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
        workers: How many workers; one a core on a CPU and one a GPU when None. Without Ray, 0 and
            1 mean that all is done in this process.
        limit: At most so many cases, drawn by the protocol's seed; all when None.
        pictures: How many of the worst objects the page shows.
        ray: `auto`, `local` or HOST:PORT of a Ray cluster to work on; None for this machine alone.
        staff: What follows from device, workers and ray.

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
    ray: str | None = None
    staff: Staff = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "staff", Staff(self.device, self.workers, self.ray))
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
        lost: Workers that were lost so far; what they did was tried again.
    """

    cases: int
    of: int
    objects: int
    failures: int
    lost: int = 0


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
    data = plan.data if plan.ray is None else plan.data.absolute()
    dataset = find_dataset(data).chosen(plan.cases)
    settings = _settings(plan, dataset, segmenter)
    dataset = dataset.limited(plan.limit, plan.protocol.seed)
    device = str(segmenter.device) if segmenter is not None else _device(plan)
    staff = plan.staff if segmenter is None else Staff(workers=1)
    with staff.hired() as crew, held(plan.output):
        store = Store(plan.output, settings, plan.protocol.steps, restart)
        done = store.done()
        tasks = [
            Task(case, done.get(case.name, frozenset()))
            for case in dataset.cases
            if not store.finished(case.name)
        ]
        for case in dataset.unlabelled:
            store.record(Failure(case.name, None, "", case.problem))
        finished = len(dataset.cases) - len(tasks)
        work = Trials(settings["model"], plan.protocol, segmenter)
        losses: list[str] = []
        with closing(crew.run(tasks, work, losses)) as events:
            for event in events:
                store.record(event)
                finished += isinstance(event, CaseEnd)
                if watch is not None:
                    told = (len(store.results.objects), len(store.failures), len(losses))
                    watch(Progress(finished, len(dataset.cases), *told))
        if not store.results.objects and not store.failures:
            raise OptionError(
                f"objects of at least {plan.protocol.min_voxels} voxels with one of the labels "
                f"{', '.join(plan.protocol.labels) or '(any)'} are needed, got none in {plan.data} "
                f"({store.small} are smaller); change --labels or --min-voxels"
            )
        return _report(store, dataset, Measured(settings, _versions(), device), plan)


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


def _device(plan: Plan) -> str:
    """What computes, for the page; on Ray that is not decided here."""
    if plan.ray is not None:
        return f"{plan.device}, on Ray"
    return str(resolve_device(plan.device))


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
