"""The folder of results: what was asked, what is finished, and each object's prompts and mask."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from voxclick.cohort.folder import make_folder
from voxclick.errors import FileFormatError, OptionError, OutputError
from voxclick.evaluate.event import CaseEnd, Event, Failure, Outcome
from voxclick.evaluate.facts import HEADER, Facts, Key, format_facts, read_facts
from voxclick.evaluate.results import ResultsFile, Row, write_whole
from voxclick.geometry import Box
from voxclick.prompts import PromptLog
from voxclick.types import Array, Json
from voxclick.volume.packing import unpack_bits

SETTINGS = "settings.json"
FACTS = "objects.csv"
FILES = (SETTINGS, "results.csv", FACTS, "cases.jsonl", "summary.json", "report.html")
OBJECTS = "objects"


class Store:
    """What an evaluation wrote so far, and where the rest goes.

    Args:
        folder: Made when it is not there; the folder it lies in must be.
        settings: What decides about the results; those of a run to be resumed must be the same.
        steps: Steps that a finished object has.
        restart: Begin anew: what an earlier evaluation wrote there is deleted.

    Raises:
        OptionError: If the folder holds results of other settings.
        OutputError: If the folder cannot be made or written.
    """

    def __init__(
        self, folder: Path, settings: Json, steps: tuple[int, ...], restart: bool = False
    ) -> None:
        self.folder = folder
        self.failures: list[Failure] = []
        make_folder(folder)
        if restart:
            self._guarded(self._clear)
        self._settle(settings)
        self.results = ResultsFile(folder / "results.csv", steps)
        self._ends = {end.case: end for end in self._read_ends()}

    @property
    def small(self) -> int:
        """How many objects were skipped for being small, in the finished cases."""
        return sum(len(end.small) for end in self._ends.values())

    def finished(self, case: str) -> bool:
        """Whether all of a case was tried, and nothing failed."""
        return case in self._ends

    def done(self) -> dict[str, frozenset[int]]:
        """The labels that went through all steps, by case."""
        labels: dict[str, set[int]] = {}
        for case, label in self.results.objects:
            labels.setdefault(case, set()).add(label)
        return {case: frozenset(found) for case, found in labels.items()}

    def facts(self) -> dict[Key, Facts]:
        """What was known of each object."""
        return read_facts(self.folder / FACTS)

    def record(self, event: Event) -> None:
        """Keep what a run tells: an object's rows, prompts and mask, a failure, a case's end.

        Raises:
            OutputError: If it cannot be written.
        """
        if isinstance(event, Failure):
            self.failures.append(event)
        elif isinstance(event, Outcome):
            self._keep(event)
            self.results.append(event.rows)
        elif event.failed == 0:
            self._ends[event.case] = event
            line = json.dumps({"case": event.case, "small": list(event.small)})
            self._guarded(lambda: _append(self.folder / "cases.jsonl", line + "\n"))

    def mask(self, row: Row) -> tuple[Box, Array]:
        """An object's last mask: its box, and the bool array in it."""
        with np.load(self._path(row, ".npz")) as kept:
            start, stop = kept["start"].tolist(), kept["stop"].tolist()
            box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
            return box, unpack_bits(kept["bits"].tobytes(), box.shape)

    def log(self, row: Row) -> PromptLog:
        """The prompts that an object was given."""
        return PromptLog.load(self._path(row, ".json"))

    def write(self, name: str, content: str) -> None:
        """Write a text file of the folder, whole.

        Raises:
            OutputError: If it cannot be written.
        """
        write_whole(self.folder / name, content)

    def _keep(self, outcome: Outcome) -> None:
        row = outcome.rows[-1]
        mask = self._path(row, ".npz")
        self._guarded(lambda: mask.parent.mkdir(parents=True, exist_ok=True))
        outcome.log.save(self._path(row, ".json"))
        box, bits = outcome.box, np.frombuffer(outcome.bits, dtype=np.uint8)
        self._guarded(lambda: np.savez_compressed(mask, start=box.start, stop=box.stop, bits=bits))
        if outcome.facts is not None:
            path = self.folder / FACTS
            head = "" if path.exists() else ",".join(HEADER) + "\n"
            line = format_facts(row.case, row.label, outcome.facts)
            self._guarded(lambda: _append(path, head + line))

    def _path(self, row: Row, suffix: str) -> Path:
        return self.folder / OBJECTS / row.case / f"{row.label}{suffix}"

    def _clear(self) -> None:
        if not (self.folder / SETTINGS).is_file():  # never delete what no evaluation wrote
            return
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
        if (self.folder / OBJECTS).is_dir():
            shutil.rmtree(self.folder / OBJECTS)

    def _settle(self, settings: Json) -> None:
        """Write the settings down, or hold them against those of the results that are there."""
        path = self.folder / SETTINGS
        wanted = json.loads(json.dumps(settings))
        if not path.exists() and (self.folder / "results.csv").exists():
            raise OptionError(
                f"{self.folder} holds a results.csv without settings.json, so that it cannot be "
                "gone on with; choose another --output"
            )
        kept = _read_json(path) if path.exists() else {}
        differing = [
            f"{key} was {kept.get(key)!r} and is now {wanted.get(key)!r}"
            for key in sorted(kept.keys() | wanted.keys())
            if kept.get(key) != wanted.get(key)
        ]
        if not differing:
            return
        if kept and self._holds_results():
            raise OptionError(
                f"{self.folder} holds results of other settings: {'; '.join(differing)}; choose "
                "another --output, or begin anew with --restart"
            )
        self._guarded(self._clear)
        self.write(SETTINGS, json.dumps(wanted, indent=2) + "\n")

    def _holds_results(self) -> bool:
        path = self.folder / "results.csv"
        return path.exists() and path.read_bytes().count(b"\n") > 1

    def _read_ends(self) -> list[CaseEnd]:
        path = self.folder / "cases.jsonl"
        if not path.is_file():
            return []
        whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
        entries = [json.loads(line) for line in whole.splitlines()]
        self.write("cases.jsonl", whole + "\n" if whole else "")
        return [CaseEnd(entry["case"], tuple(entry["small"]), 0) for entry in entries]

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            raise OutputError(
                f"results must be written to {self.folder}, which fails: {error.strerror}; make "
                "room or choose another --output"
            ) from None


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)


def _read_json(path: Path) -> Json:
    try:
        fields: Json = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FileFormatError(
            f"{path} must be the settings of an evaluation, as JSON: {error}; choose another "
            "--output"
        ) from None
    return fields
