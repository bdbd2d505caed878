"""What a batch has finished, a line each, so that the same command goes on where it stopped."""

import csv
import hashlib
import io as text
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from voxclick.errors import OutputError
from voxclick.io.atomic import whole
from voxclick.request.batch_list import Row
from voxclick.types import Json

RECORD, TABLE = "batch.jsonl", "batch.csv"
HEADER = ("row", "image", "output", "status", "objects", "volume_ml", "seconds", "note")


@dataclass(frozen=True)
class Done:
    """A row whose mask lies where it should.

    Attributes:
        output: Path of the mask.
        key: What it was made of (`key_of`).
        volumes_ml: Objects and their volumes.
        seconds: What it took, with reading and writing.
        notes: What the user should know.
    """

    output: str
    key: str
    volumes_ml: Mapping[str, float]
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """A row that gave no mask.

    Attributes:
        output: Path that the mask would have had.
        reason: Why, in one line.
    """

    output: str
    reason: str


Told = Done | Failed
"""How a row ended."""


def key_of(row: Row, settings: Json) -> str:
    """What decides about a mask, as a short text: the request, its files, the model.

    Files count by size and time of change: whoever replaces one wants the row done again.
    """
    stamps = [(str(path), _stamp(path)) for path in row.request.files]
    content = json.dumps([row.request.to_json(), stamps, settings], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def own_outputs(folder: Path) -> frozenset[str]:
    """The masks that runs into a folder of results made, or began to make."""
    done, begun = _entries(folder / RECORD)
    return frozenset((*done, *begun))


class Record:
    """The record of a folder of results.

    Args:
        folder: It; it must be there.
        restart: Begin anew.

    Raises:
        OutputError: If it cannot be written.
    """

    def __init__(self, folder: Path, restart: bool = False) -> None:
        self._path = folder / RECORD
        if restart:
            for name in (RECORD, TABLE):
                (folder / name).unlink(missing_ok=True)
        self._done, begun = _entries(self._path)
        if self._path.is_file():
            with whole(self._path, ".jsonl") as part:
                lines = [*map(_begun_line, begun), *map(_done_line, self._done.values())]
                part.write_text("".join(lines), encoding="utf-8")

    def done(self, output: Path, key: str) -> Done | None:
        """The entry of a mask that was made of just this and is still there."""
        entry = self._done.get(str(output))
        if entry is None or entry.key != key or not output.exists():
            return None
        return entry

    def add(self, entry: Done) -> None:
        """Add an entry, in one write.

        Raises:
            OutputError: If it cannot be written.
        """
        self._done[entry.output] = entry
        self._append(_done_line(entry))

    def begin(self, outputs: Iterable[Path]) -> None:
        """Note masks that will be made, so that a later run knows them for its own.

        Only those that are folders need it: a folder of others is never written over.

        Raises:
            OutputError: If it cannot be written.
        """
        if lines := "".join(_begun_line(str(output)) for output in outputs):
            self._append(lines)

    def _append(self, lines: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise OutputError(
                f"the record of a batch must be written to {self._path}, which fails: "
                f"{error.strerror}; make room or choose another --output"
            ) from None


def write_table(folder: Path, rows: Sequence[Row], ends: Mapping[str, Told]) -> Path:
    """Write `batch.csv`: one line a row, those that were not reached as such.

    Args:
        folder: Of the results.
        rows: All rows of the list.
        ends: How they ended, by the path of their output.

    Raises:
        OutputError: If it cannot be written.
    """
    lines = text.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        output = str(row.request.output)
        writer.writerow((row.number, row.request.image, output, *_cells(ends.get(output))))
    path = folder / TABLE
    with whole(path, ".csv") as part:
        part.write_text(lines.getvalue(), encoding="utf-8", newline="")
    return path


def _entries(path: Path) -> tuple[dict[str, Done], dict[str, None]]:
    """What is done and what was begun, by output; a line that breaks off is dropped."""
    done: dict[str, Done] = {}
    begun: dict[str, None] = {}
    if not path.is_file():
        return done, begun
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            if "begun" in entry:
                begun[str(entry["begun"])] = None
                continue
            one = Done(**{**entry, "notes": tuple(entry["notes"])})
        except (ValueError, TypeError, KeyError):
            continue
        done[one.output] = one
    return done, begun


def _done_line(entry: Done) -> str:
    return json.dumps(asdict(entry)) + "\n"


def _begun_line(output: str) -> str:
    return json.dumps({"begun": output}) + "\n"


def _cells(end: Told | None) -> tuple[str, ...]:
    if end is None:
        return ("not reached", "", "", "", "")
    if isinstance(end, Failed):
        return ("failed", "", "", "", end.reason)
    volumes = "; ".join(f"{volume:.6g}" for volume in end.volumes_ml.values())
    return ("done", "; ".join(end.volumes_ml), volumes, f"{end.seconds:.2f}", "; ".join(end.notes))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return (found.st_size, found.st_mtime_ns)
