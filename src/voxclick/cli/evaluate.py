"""`voxclick evaluate`: a model against a labelled data set, with a simulated user."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from voxclick.evaluate.runner import Progress
    from voxclick.evaluate.summary import Summary

PATIENCE_S = 2.0
"""Seconds before progress is shown."""
EVERY_S = 15.0
"""Seconds between lines of progress where there is no terminal."""


@dataclass(frozen=True)
class Evaluate:
    """Prompt every labelled object with a simulated user and measure the masks.

    Resumes where it stopped. Writes results.csv, summary.json and report.html.
    """

    data: tyro.conf.Positional[Path]
    """A folder of CASE/image.nii.gz + CASE/label.nii.gz (+ labels.json), or a published layout."""

    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """The folder of results; made when it is not there."""

    model: str | None = None
    """Name of the model, as `voxclick models` lists them; the default model if left out."""

    device: str = "auto"
    """auto, cpu, cuda[:N] or mps."""

    user: str = "center"
    """The simulated user."""

    first: str = ""
    """Another simulated user for one prompt before the clicks, such as box."""

    clicks: int = 10
    """How many times the user prompts each object."""

    tolerance_mm: float = 2.0
    """Distance at which two surfaces still count as one, for the NSD."""

    seed: int = 0
    """The same seed gives the same prompts."""

    labels: tuple[str, ...] = ()
    """Names or numbers of the labels to evaluate; all if left out."""

    min_voxels: int = 100
    """Objects below are skipped and counted."""

    limit: int | None = None
    """At most so many cases, drawn by the seed."""

    max_objects: int | None = None
    """At most so many objects of one case, drawn by the seed."""

    workers: int | None = None
    """How many processes; one a core on a CPU if left out. 1: all in this process."""

    pictures: int = 8
    """How many of the worst objects the page shows."""

    restart: bool = False
    """Begin anew: delete the results that an earlier evaluation left in the folder."""

    def run(self) -> int:
        """Evaluate and say where the results lie."""
        from voxclick.evaluate.protocol import Protocol
        from voxclick.evaluate.runner import Plan, evaluate

        protocol = Protocol(
            user=self.user,
            first=self.first,
            clicks=self.clicks,
            tolerance_mm=self.tolerance_mm,
            seed=self.seed,
            min_voxels=self.min_voxels,
            labels=self.labels,
            max_objects=self.max_objects,
        )
        plan = Plan(
            data=self.data,
            output=self.output,
            protocol=protocol,
            model=self.model,
            device=self.device,
            workers=self.workers,
            limit=self.limit,
            pictures=self.pictures,
        )
        with _progress() as watch:
            summary = evaluate(plan, restart=self.restart, watch=watch)
        _tell(summary, self.output)
        return 0 if summary.total is not None else 1


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None]]":
    """Progress on stderr, from two seconds on: a bar on a terminal, else a line now and then."""
    console = Console(stderr=True)
    bar = RichProgress(
        TextColumn("evaluating"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} cases, {task.fields[objects]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None, objects="starting")
    told_at = time.monotonic() + PATIENCE_S - EVERY_S

    def watch(progress: "Progress") -> None:
        nonlocal told_at
        objects = f"{progress.objects} objects, {progress.failures} failed"
        bar.update(task, completed=progress.cases, total=progress.of, objects=objects)
        if not console.is_terminal and time.monotonic() - told_at >= EVERY_S:
            told_at = time.monotonic()
            console.print(f"evaluated {progress.cases}/{progress.of} cases, {objects}")

    timer = Timer(PATIENCE_S, bar.start)
    timer.daemon = True
    if console.is_terminal:
        timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        bar.stop()


def _tell(summary: "Summary", output: Path) -> None:
    """The result in a few lines on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    if (total := summary.total) is not None:
        console.print(
            f"{total.objects} objects in {summary.cases} cases: Dice {total.dice_first:.3f} after "
            f"the first prompt, {total.dice_last:.3f} after the last; NSD {total.nsd_last:.3f}"
        )
    if summary.failures:
        console.print(f"{len(summary.failures)} failed; the page says why")
    console.print(f"{output / 'report.html'}", markup=False)
