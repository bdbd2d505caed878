"""What an evaluation tells as it goes: an object finished, an object failed, a case's end."""

from dataclasses import dataclass

from voxclick.evaluate.facts import Facts
from voxclick.evaluate.results import Row
from voxclick.geometry import Box
from voxclick.prompts import PromptLog


@dataclass(frozen=True, eq=False)
class Outcome:
    """One object that went through all steps.

    Attributes:
        rows: One a step.
        log: The prompts, as the session kept them.
        box: The voxels of the mask's box.
        bits: The last mask inside the box (`volume.packing`).
        facts: What was known of the object; None where nobody asks.
    """

    rows: tuple[Row, ...]
    log: PromptLog
    box: Box
    bits: bytes
    facts: Facts | None = None


@dataclass(frozen=True)
class Failure:
    """What could not be evaluated.

    Attributes:
        case: Name of the case.
        label: Number of the object; None when the whole case failed.
        name: Name of the object; empty when the whole case failed.
        reason: Why, in one line.
    """

    case: str
    label: int | None
    name: str
    reason: str


@dataclass(frozen=True)
class CaseEnd:
    """All of a case was tried.

    Attributes:
        case: Name of the case.
        small: Labels that were skipped for being below `min_voxels`.
        failed: How many failures there were.
    """

    case: str
    small: tuple[int, ...]
    failed: int


Event = Outcome | Failure | CaseEnd
"""Anything that a run tells."""
