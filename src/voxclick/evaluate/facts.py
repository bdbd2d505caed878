"""What is known of an object before anybody prompts it: `objects.csv` in the folder of results."""

import csv
import io as text
import logging
from dataclasses import astuple, dataclass
from pathlib import Path

from voxclick.evaluate.case import Target
from voxclick.types import Vector3

logger = logging.getLogger(__name__)

HEADER = ("case", "label", "voxels", "volume_ml", "spacing_i", "spacing_j", "spacing_k")
Key = tuple[str, int]


@dataclass(frozen=True)
class Facts:
    """An object's size and the spacing of its case, as the protocol prepared it.

    Attributes:
        voxels: Of the truth.
        volume_ml: Of the truth.
        spacing_mm: Along the voxel axes.
    """

    voxels: int
    volume_ml: float
    spacing_mm: Vector3

    @classmethod
    def of(cls, target: Target) -> "Facts":
        """Those of an object."""
        millilitres = target.voxels * target.grid.voxel_volume_mm3 / 1000
        return cls(target.voxels, millilitres, target.grid.spacing_mm)

    @property
    def anisotropy(self) -> float:
        """The widest spacing over the narrowest."""
        return max(self.spacing_mm) / min(self.spacing_mm)


def format_facts(case: str, label: int, facts: Facts) -> str:
    """One line of CSV."""
    line = text.StringIO()
    voxels, millilitres, spacing = astuple(facts)
    numbers = (f"{millilitres:.6g}", *(f"{step:.6g}" for step in spacing))
    csv.writer(line, lineterminator="\n").writerow((case, label, voxels, *numbers))
    return line.getvalue()


def read_facts(path: Path) -> dict[Key, Facts]:
    """The facts of each object that has a whole line; none without the file.

    An object that was evaluated twice has two lines, of which the last counts.
    """
    if not path.is_file():
        return {}
    whole, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    found: dict[Key, Facts] = {}
    for line in list(csv.reader(whole.splitlines()))[1:]:
        try:
            case, label, voxels, millilitres, *spacing = line
            i, j, k = map(float, spacing)
            found[case, int(label)] = Facts(int(voxels), float(millilitres), (i, j, k))
        except ValueError:
            logger.warning("%s: the line %r is left out", path, line)
    return found
