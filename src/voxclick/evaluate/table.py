"""A protocol's own table: a CSV file and a section of the page."""

import csv
import io as text
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.results import Row

Cell = str | int | float | None


@dataclass(frozen=True)
class Results:
    """What a table is made of.

    Attributes:
        objects: The rows of each object, by step.
        protocol: What was done.
        groups: Group of each case.
    """

    objects: Sequence[Sequence[Row]]
    protocol: Protocol
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Numbers in rows and columns.

    Attributes:
        file: Name of its CSV file in the folder of results.
        title: Its heading on the page.
        note: What the numbers are, in a sentence.
        head: Names of the columns.
        rows: A cell a column; None where there is no number.
    """

    file: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def to_csv(self) -> str:
        """The table as CSV; measures with eight decimals."""
        lines = text.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(self.head)
        for row in self.rows:
            writer.writerow([_told(cell) for cell in row])
        return lines.getvalue()


def _told(cell: Cell) -> str | int:
    if isinstance(cell, float):
        return f"{cell:.8f}"
    return "" if cell is None else cell
