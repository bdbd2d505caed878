"""One model's answers to a simulated user on some data, from an evaluation in its own process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from voxclick.evaluate.facts import Facts, Key, read_facts
from voxclick.evaluate.results import Row, read_rows
from voxclick.types import Array


@dataclass(frozen=True)
class Asked:
    """What every model is asked.

    Attributes:
        data: Folders of labelled cases.
        clicks: Prompts of each object.
        user: The simulated user.
        limit: At most so many cases of a folder; all when None.
        max_objects: At most so many objects of a case; all when None.
    """

    data: Sequence[Path]
    clicks: int = 10
    user: str = "center"
    limit: int | None = None
    max_objects: int | None = None

    def options(self) -> list[str]:
        """As `voxclick evaluate` takes them."""
        told = ["--clicks", str(self.clicks), "--user", self.user, "--pictures", "0"]
        for name, value in (("--limit", self.limit), ("--max-objects", self.max_objects)):
            told += [] if value is None else [name, str(value)]
        return told


@dataclass(frozen=True, eq=False)
class Quality:
    """What a model reached.

    Attributes:
        model: Its name.
        rows: Of each object, by step.
        facts: Of the objects, by case and label; cases are named with their data set.
        peak_mib: The most that a process held that evaluated one data set, one object at a time.
        failed: Whether something could not be evaluated.
    """

    model: str
    rows: tuple[tuple[Row, ...], ...]
    facts: dict[Key, Facts]
    peak_mib: float
    failed: bool

    def dice(self) -> Float[Array, "n t"]:
        """Of each object, by step."""
        return np.array([[row.dice for row in rows] for rows in self.rows])

    def nsd(self) -> Float[Array, "n t"]:
        """Of each object, by step."""
        return np.array([[row.nsd for row in rows] for rows in self.rows])

    def cases(self) -> list[str]:
        """Of each object."""
        return [rows[0].case for rows in self.rows]

    def seconds(self, first: bool) -> list[float]:
        """What first prompts, or later ones, took to be answered."""
        asked = [[row.seconds for row in rows if row.seconds > 0] for rows in self.rows]
        return [s for times in asked for s in (times[:1] if first else times[1:])]


def evaluate(model: str, asked: Asked, work: Path) -> Quality:
    """Evaluate a model on every data set, one object at a time, from the beginning.

    Raises:
        SystemExit: If an evaluation cannot be made, with its exit code; it said why.
    """
    peak, failed = 0.0, False
    objects: dict[Key, tuple[Row, ...]] = {}
    facts: dict[Key, Facts] = {}
    for data in asked.data:
        folder = work / data.name / Path(model).stem
        folder.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "voxclick.cli", "evaluate", str(data), "-o", str(folder)]
        command += ["--model", model, "--workers", "1", "--restart", *asked.options()]
        code, held = _run(command)
        if code not in (0, 1) or not (folder / "results.csv").is_file():
            sys.exit(code)
        peak, failed = max(peak, held), failed or code == 1
        for row in read_rows(folder / "results.csv"):
            named = Row(f"{data.name}/{row.case}", *list(vars(row).values())[1:])
            objects[named.case, named.label] = (*objects.get((named.case, named.label), ()), named)
        for (case, label), one in read_facts(folder / "objects.csv").items():
            facts[f"{data.name}/{case}", label] = one
    return Quality(Path(model).stem, tuple(objects.values()), facts, peak, failed)


def _run(command: list[str]) -> tuple[int, float]:
    """The exit code of a command, and the most memory that it held, in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return os.waitstatus_to_exitcode(status), used.ru_maxrss / unit
