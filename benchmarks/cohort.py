"""Cohorts: what a case costs, and a cluster that loses workers: `python -m benchmarks.cohort`.

`cost` runs what a worker runs, in a process of one thread, on the packaged head tiled to two sizes:
a mask from one click, read from and written to `.nii.gz`, and one object evaluated with ten clicks.
Seconds are those of one core, whatever else the machine does. What travels is what Ray would
pickle. `cluster` evaluates a made-up cohort on two Ray nodes of this machine, kills a worker and
then a node in its midst, and holds the table against a local run.
"""

import argparse
import csv
import os
import pickle
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from benchmarks.scan import INSIDE, SIZES, compressed, place, write_scan
from voxclick.cohort.ray_connection import ON_LOOPBACK, QUIET
from voxclick.cohort.thread import ONE_THREAD
from voxclick.cohort.work import Work
from voxclick.evaluate.layouts.folders import find
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.runner import Plan, Progress, evaluate
from voxclick.evaluate.store import Store
from voxclick.evaluate.trials import Task as Trial
from voxclick.evaluate.trials import Trials
from voxclick.request.batch_work import Segmenting, Task
from voxclick.request.request import Request
from voxclick.types import Array, Index3

MODELS = ("geodesic", "builtin")
MEASURED = ("128x128x128", "512x512x300")
CASES = 12
ROW = "| {} | {} | {:.1f} s | {:.2f} s | {:.0f} MiB | {:.1f} KiB | {:.2f} s | {:.1f} KiB |"


@dataclass(frozen=True)
class Cost:
    """What one piece of work costs.

    Attributes:
        begin: Seconds until the first task can be done, with what is imported.
        seconds: Of a task, the median of some after the first.
        peak_mib: The most memory that the process held.
        travels_kib: A task and what is told of it, pickled.
    """

    begin: float
    seconds: float
    peak_mib: float
    travels_kib: float


def measure(work: Work[Any, Any], task: Any, repeats: int) -> Cost:
    """The cost of a task, in a process of its own."""
    os.environ.update(ONE_THREAD)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, work, task, repeats).result()


def _measured(work: Work[Any, Any], task: Any, repeats: int) -> Cost:
    do = work.begin("cpu")
    begin = time.process_time()
    seconds: list[float] = []
    for _ in range(repeats + 1):
        started = time.process_time()
        told = list(do(task))
        seconds.append(time.process_time() - started)
    travels = sum(len(pickle.dumps(one)) for one in (task, *told)) / 1024
    held = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    return Cost(begin, statistics.median(seconds[1:]), int(held) / 1024, travels)


def cost(folder: Path, repeats: int) -> Iterator[str]:
    """The rows of the table of costs."""
    yield "| model | volume | begin | one mask | peak | travels | one object evaluated | travels |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for size in MEASURED:
        case = folder / size
        case.mkdir()
        write_scan(SIZES[size], case / "scan.nii")
        compressed(case / "scan.nii").rename(case / "image.nii.gz")
        (case / "scan.nii").unlink()
        i, j, k = place(SIZES[size], INSIDE)
        save(ball(SIZES[size], (i, j, k), 14.0), case / "label.nii.gz")
        request = Request(str(case / "image.nii.gz"), case / "mask.nii.gz", (f"{i},{j},{k}",))
        (labelled,) = find(case)
        for model in MODELS:
            one = measure(Segmenting(model), Task("", request, ""), repeats)
            other = measure(Trials(model, Protocol(clicks=10)), Trial(labelled), repeats)
            told = (one.begin, one.seconds, max(one.peak_mib, other.peak_mib), one.travels_kib)
            yield ROW.format(f"`{model}`", size, *told, other.seconds, other.travels_kib)
    yield f"\nThe driver records {recorded(folder, 300):.0f} evaluated objects a second."


def recorded(folder: Path, objects: int) -> float:
    """How many objects a second are written down where the run was started."""
    write_cohort(folder / "one", 1)
    (case,) = find(folder / "one")
    protocol = Protocol(clicks=10)
    *_, outcome, _ = Trials("geodesic", protocol).begin("cpu")(Trial(case))
    store = Store(folder / "store", {}, protocol.steps)
    copies = [
        replace(outcome, rows=tuple(replace(row, case=f"c{n}") for row in outcome.rows))
        for n in range(objects)
    ]
    started = time.process_time()
    for copy in copies:
        store.record(copy)
    return objects / (time.process_time() - started)


def ball(shape: Index3, centre: Index3, radius: float) -> Array:
    """A ball of ones."""
    axes = (np.arange(size) - at for size, at in zip(shape, centre, strict=True))
    i, j, k = np.ix_(*(axis.astype(np.float32) ** 2 for axis in axes))
    inside: Array = (i + j + k <= radius**2).astype(np.uint8)
    return inside


def save(array: Array, path: Path) -> None:
    """Write an array with voxels of 1 mm."""
    nib.save(nib.Nifti1Image(array, np.eye(4)), path)


def write_cohort(folder: Path, cases: int) -> None:
    """Bright balls in noise, a case a folder."""
    for number in range(cases):
        case = folder / f"case{number:02d}"
        case.mkdir(parents=True)
        generator = np.random.default_rng(number)
        labels = ball((64, 64, 64), (30 + number % 5, 32, 32), 12.0)
        save(labels, case / "label.nii.gz")
        image = (labels * 100 + generator.normal(0, 20, labels.shape)).astype(np.float32)
        save(image, case / "image.nii.gz")


def cluster(folder: Path, cases: int) -> Iterator[str]:
    """What happens when a worker and a node are lost."""
    write_cohort(folder / "data", cases)
    protocol = Protocol(clicks=5)
    options: dict[str, Any] = {"protocol": protocol, "model": "geodesic", "device": "cpu"}
    evaluate(Plan(folder / "data", folder / "here", workers=1, pictures=0, **options))
    os.environ.update({**QUIET, ON_LOOPBACK: "0", "RAY_TMPDIR": str(folder)})
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={**node, "node_ip_address": "127.0.0.1"})
    further = made.add_node(**node, node_ip_address="127.0.0.1")
    happened: list[str] = []

    def harm(progress: Progress) -> None:
        if not happened and progress.cases >= cases // 4:
            os.kill(actor(), signal.SIGKILL)
            happened.append(f"a worker was killed after {progress.cases} of {cases} cases")
        elif len(happened) == 1 and progress.cases >= cases // 2:
            made.remove_node(further, allow_graceful=False)
            happened.append(f"a node was lost after {progress.cases} of {cases} cases")

    started = time.perf_counter()
    plan = Plan(folder / "data", folder / "there", ray=made.address, pictures=0, **options)
    summary = evaluate(plan, watch=harm)
    seconds = time.perf_counter() - started
    made.shutdown()
    here, there = rows(folder / "here"), rows(folder / "there")
    yield from happened
    yield f"{len(there)} rows in {seconds:.0f} s, {len(summary.failures)} failures"
    yield f"the same rows as a local run: {here == there}"


def actor() -> int:
    """The process of an actor at work."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return next(int(pid) for pid, args in lines if args.startswith("ray::Actor.do"))


def rows(folder: Path) -> list[dict[str, str]]:
    """The table of results without its seconds."""
    with (folder / "results.csv").open(newline="") as file:
        return [{k: v for k, v in line.items() if k != "seconds"} for line in csv.DictReader(file)]


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("cost", "cluster"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", type=int, default=CASES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cohort-") as name:
        folder = Path(name)
        work = cost(folder, asked.repeats) if asked.what == "cost" else None
        for line in work or cluster(folder, asked.cases):
            print(line, flush=True)


if __name__ == "__main__":
    main()
