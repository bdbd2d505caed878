"""`voxclick compare`: two evaluations of the same objects, side by side."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from voxclick.cli.terminal import say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxclick.evaluate.comparison import Difference

EXAMPLES = """Examples:
  voxclick compare results-geodesic results-builtin
  voxclick compare before after --json"""


@dataclass(frozen=True)
class Compare:
    """Compare two evaluations, object by object: means, intervals, and a paired test.

    Only objects that both have count. The interval is of SECOND less FIRST, by drawing cases; p is
    of a permutation test, case by case, and for structures by Holm's correction.
    """

    first: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FIRST")]
    """A folder of results of `voxclick evaluate`."""

    second: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="SECOND")]
    """Another one, on the same data."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int:
        """Compare and print."""
        from voxclick.evaluate.comparison import compare

        found = compare(self.first, self.second)
        if self.json:
            say(json.dumps(found.to_json(), indent=2), flat=False)
            return 0
        say(f"{found.objects} objects in {found.cases} cases; {found.alone} in one of them only")
        for differing in found.differing:
            tell(f"voxclick: note: settings differ: {differing}")
        say(_table(found.total, found.names), flat=False)
        return 0


def _table(total: "Sequence[Difference]", names: "Sequence[Difference]") -> str:
    rows: list[tuple[str, ...]] = [("", "objects", "first", "second", "difference, 95 %", "p")]
    rows += [_cells(difference.measure, difference) for difference in total]
    rows += [_cells(f"{one.name}: {one.measure}", one) for one in names]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _cells(title: str, of: "Difference") -> tuple[str, ...]:
    told = f"{of.second - of.first:+.3f}"
    if of.low is not None and of.high is not None:
        told += f" ({of.low:+.3f} to {of.high:+.3f})"
    return (title, f"{of.objects}", f"{of.first:.3f}", f"{of.second:.3f}", told, f"{of.p:.4f}")
