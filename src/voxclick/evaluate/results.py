"""The table of results: one row a step, written whole objects at a time, and read back."""

import csv
import io as text
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from voxclick.errors import FileFormatError, OutputError


@dataclass(frozen=True)
class Row:
    """One object after one step.

    Attributes:
        case: Name of the case.
        label: Number of the object.
        name: Name of the object.
        step: 1 after the first click; 0 after a first prompt that is no click.
        prompts: How many prompts were given so far; fewer than steps once nothing was wrong.
        dice: Overlap with the truth, 0 to 1.
        nsd: Normalised surface distance, 0 to 1.
        seconds: What the session took to answer; 0 where it was not asked.
    """

    case: str
    label: int
    name: str
    step: int
    prompts: int
    dice: float
    nsd: float
    seconds: float


HEADER = tuple(field.name for field in fields(Row))
Key = tuple[str, int]


def format_rows(rows: Sequence[Row]) -> str:
    """The rows as lines of CSV."""
    lines = text.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for row in rows:
        case, label, name, step, prompts, dice, nsd, seconds = astuple(row)
        measured = (f"{dice:.8f}", f"{nsd:.8f}", f"{seconds:.4f}")
        writer.writerow((case, label, name, step, prompts, *measured))
    return lines.getvalue()


class ResultsFile:
    """`results.csv`, as it grows.

    What a run that was ended left of an object it was writing is dropped.

    Args:
        path: The file; made when it is not there.
        steps: Steps that a finished object has.

    Raises:
        FileFormatError: If the file there is not a table of results.
        OutputError: If it cannot be written.
    """

    def __init__(self, path: Path, steps: Sequence[int]) -> None:
        self.path = path
        self._rows: dict[Key, list[Row]] = {}
        if path.exists():
            for row in read_rows(path):
                self._rows.setdefault((row.case, row.label), []).append(row)
            wanted = list(steps)
            self._rows = {
                key: rows for key, rows in self._rows.items() if [r.step for r in rows] == wanted
            }
        self._rewrite(list(self._rows))

    @property
    def objects(self) -> dict[Key, list[Row]]:
        """The rows of each finished object, by case and label."""
        return dict(self._rows)

    def append(self, rows: Sequence[Row]) -> None:
        """Add one object's rows, in one write.

        Raises:
            OutputError: If the file cannot be written.
        """
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(format_rows(rows))
        except OSError as error:
            raise _unwritten(self.path, error) from None
        self._rows[rows[0].case, rows[0].label] = list(rows)

    def sort(self, cases: Sequence[str]) -> None:
        """Put the objects into the order of the cases and labels, however they came in."""
        order = {case: place for place, case in enumerate(cases)}
        self._rewrite(sorted(self._rows, key=lambda key: (order.get(key[0], len(order)), key)))

    def _rewrite(self, keys: list[Key]) -> None:
        self._rows = {key: self._rows[key] for key in keys}
        lines = [",".join(HEADER) + "\n", *(format_rows(rows) for rows in self._rows.values())]
        write_whole(self.path, "".join(lines))


def write_whole(path: Path, content: str) -> None:
    """Write a text file that appears whole, by rename.

    Raises:
        OutputError: If it cannot be written there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(content, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def read_rows(path: Path) -> list[Row]:
    """The rows of a table; a line that breaks off, as a killed run leaves it, is left out.

    Raises:
        FileFormatError: If it does not begin as a table of results does.
    """
    content = path.read_text(encoding="utf-8", errors="replace")
    whole, _, _ = content.rpartition("\n")
    lines = csv.reader(whole.splitlines())
    header = tuple(next(lines, ()))
    if header not in ((), HEADER):
        raise FileFormatError(
            f"results must begin with the line {','.join(HEADER)}, got {','.join(header)[:80]!r} "
            f"in {path}; choose another folder, or begin anew with --restart"
        )
    rows: list[Row] = []
    for line in lines:
        try:
            case, label, name, step, prompts, dice, nsd, seconds = line
            measured = (float(dice), float(nsd), float(seconds))
            rows.append(Row(case, int(label), name, int(step), int(prompts), *measured))
        except ValueError:
            break
    return rows


def _unwritten(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"the results must be written to {path}, which fails: {error.strerror}; "
        "make room or choose another --output"
    )
