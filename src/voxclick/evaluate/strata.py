"""Objects by how thick their slices are and by how large they are."""

from collections.abc import Callable, Mapping, Sequence

from voxclick.evaluate.facts import Facts, Key
from voxclick.evaluate.part import Objects, part_of
from voxclick.evaluate.results import Row
from voxclick.evaluate.summary import Strata

ANISOTROPY = (1.5, 3.0)
"""Of the widest spacing over the narrowest; above the first, in-plane and across differ."""
VOLUME_ML = (1.0, 10.0, 100.0)


def strata_of(objects: Objects, facts: Mapping[Key, Facts]) -> tuple[Strata, ...]:
    """The objects by anisotropy and by volume; only what holds more than one part is told.

    Args:
        objects: The rows of each object.
        facts: Of the objects; those without are left out.
    """
    known = [rows for rows in objects if (rows[0].case, rows[0].label) in facts]

    def told(rows: Sequence[Row], value: Callable[[Facts], float]) -> float:
        return value(facts[rows[0].case, rows[0].label])

    found = []
    for title, value, limits, unit in (
        ("By anisotropy (widest over narrowest spacing)", _anisotropy, ANISOTROPY, ""),
        ("By size", _volume, VOLUME_ML, " ml"),
    ):
        parts = []
        for low, high in zip((0.0, *limits), (*limits, float("inf")), strict=True):
            members = [rows for rows in known if low < told(rows, value) <= high]
            if members:
                parts.append(part_of(_name(low, high, unit), members))
        if len(parts) > 1:
            found.append(Strata(title, tuple(parts)))
    return tuple(found)


def _name(low: float, high: float, unit: str) -> str:
    if low == 0:
        return f"up to {high:g}{unit}"
    return f"above {low:g}{unit}" if high == float("inf") else f"{low:g} to {high:g}{unit}"


def _anisotropy(facts: Facts) -> float:
    return facts.anisotropy


def _volume(facts: Facts) -> float:
    return facts.volume_ml
