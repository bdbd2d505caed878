"""The log of what was said: every prompt of every object, as JSON in and out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from voxclick.errors import GridError, LogError, MissingFileError, OutputError, PromptError
from voxclick.geometry import Grid
from voxclick.prompts.base import Prompt
from voxclick.prompts.kinds import KINDS
from voxclick.types import Json, Space

VERSION = 1


@dataclass(frozen=True, eq=False)
class Step:
    """One prompt as it was given.

    Attributes:
        prompt: What was said.
        order: When it was said, counted over all objects of a session.
        refinements: How many refinements ran before the next prompt cut them off; None when all
            did. Replaying stops at the same one, so that the mask comes out the same.
    """

    prompt: Prompt
    order: int
    refinements: int | None = None

    def to_json(self) -> Json:
        """The prompt's fields, with `order` and, where it was cut off, `refinements`."""
        fields = {**self.prompt.to_json(), "order": self.order}
        if self.refinements is not None:
            fields["refinements"] = self.refinements
        return fields


@dataclass(frozen=True, eq=False)
class ObjectLog:
    """What was said about one object, in order; undone prompts are not in it."""

    name: str
    label: int
    steps: tuple[Step, ...] = ()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts alone."""
        return tuple(step.prompt for step in self.steps)


@dataclass(frozen=True, eq=False)
class PromptLog:
    """What was said about every object of one volume.

    Attributes:
        objects: One log an object, in the order they were opened.
        grid: The volume that the prompts were given in; None when that is not known.
        space: Where the coordinates of all prompts live.
    """

    objects: tuple[ObjectLog, ...]
    grid: Grid | None = None
    space: Space = "voxel"

    def ordered(self) -> list[tuple[ObjectLog, Step]]:
        """Every step with its object, as they were given over time."""
        steps = [(log, step) for log in self.objects for step in log.steps]
        return sorted(steps, key=lambda pair: pair[1].order)

    def check_fits(self, grid: Grid) -> None:
        """Raise LogError if the log was made on a volume with another grid."""
        if self.grid is not None and not self.grid.matches(grid):
            raise LogError(
                f"the prompt log belongs to a volume of {self.grid.shape} voxels at "
                f"{np.round(self.grid.affine[:3, 3], 2).tolist()} mm, got one of {grid.shape} at "
                f"{np.round(grid.affine[:3, 3], 2).tolist()} mm; use the volume it was made on"
            )

    def to_json(self) -> Json:
        """The log as one JSON object (DESIGN: `version`, `space`, `volume`, `objects`)."""
        fields: Json = {"version": VERSION, "space": self.space}
        if self.grid is not None:
            fields["volume"] = {
                "shape": list(self.grid.shape),
                "affine": self.grid.affine.tolist(),
            }
        fields["objects"] = [
            {
                "name": log.name,
                "label": log.label,
                "prompts": [step.to_json() for step in log.steps],
            }
            for log in self.objects
        ]
        return fields

    @classmethod
    def from_json(cls, fields: Any) -> "PromptLog":
        """The log that `to_json` wrote.

        Raises:
            LogError: If a field is missing, unknown or of another kind; the message names it.
        """
        if not isinstance(fields, dict) or "objects" not in fields:
            raise LogError("a prompt log must be a JSON object with 'objects', got none")
        if fields.get("version", VERSION) != VERSION:
            raise LogError(
                f"a prompt log of version {VERSION} is needed, got {fields['version']!r}"
            )
        space = fields.get("space", "voxel")
        if space not in get_args(Space):
            raise LogError(f"a log's space must be one of {get_args(Space)}, got {space!r}")
        return cls(_objects(fields["objects"], space), _grid(fields.get("volume")), space)

    def save(self, path: str | Path) -> None:
        """Write the log as JSON, whole by rename.

        Raises:
            OutputError: If it cannot be written there.
        """
        target = Path(path)
        part = target.with_name(f".{target.name}.part")
        try:
            part.write_text(json.dumps(self.to_json()), encoding="utf-8")
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OutputError(f"cannot write the prompt log {target}: {error.strerror}") from None

    @classmethod
    def load(cls, path: str | Path) -> "PromptLog":
        """Read a log that `save` wrote, or one written by hand.

        Raises:
            MissingFileError: If there is no such file.
            LogError: If it is not the JSON of a prompt log.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise MissingFileError(f"a prompt log is needed at {path}, got nothing there") from None
        except (OSError, UnicodeDecodeError) as error:
            raise LogError(f"a prompt log must be JSON text, cannot read {path}: {error}") from None
        try:
            return cls.from_json(json.loads(text))
        except json.JSONDecodeError as error:
            raise LogError(
                f"a prompt log must be JSON, got a file that breaks off in line {error.lineno}, "
                f"column {error.colno}: {path} ({error.msg})"
            ) from None


def _objects(entries: Any, space: Space) -> tuple[ObjectLog, ...]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise LogError("a log's 'objects' must be a list of objects with a name and prompts")
    logs: list[ObjectLog] = []
    order = 0
    for place, entry in enumerate(entries):
        steps: list[Step] = []
        for fields in _list(entry, "prompts"):
            steps.append(_step(fields, space, order))
            order += 1
        label = entry.get("label", place + 1)
        if not isinstance(label, int) or isinstance(label, bool) or label < 1:
            raise LogError(f"an object's label must be a whole number from 1 up, got {label!r}")
        logs.append(ObjectLog(str(entry.get("name", f"object_{label}")), label, tuple(steps)))
    for what, values in (("name", [g.name for g in logs]), ("label", [g.label for g in logs])):
        if len(set(values)) != len(values):
            raise LogError(f"each object needs a {what} of its own, got {values}")
    return tuple(logs)


def _list(entry: Json, key: str) -> Sequence[Any]:
    values = entry.get(key, [])
    if not isinstance(values, list):
        raise LogError(f"an object's {key!r} must be a list, got {type(values).__name__}")
    return values


def _step(fields: Any, space: Space, order: int) -> Step:
    kind = fields.get("kind") if isinstance(fields, dict) else None
    if kind not in KINDS:
        raise LogError(f"a prompt's kind must be one of {', '.join(KINDS)}, got {kind!r}")
    try:
        prompt = KINDS[kind].from_json(fields, space)
    except KeyError as error:
        raise LogError(f"a {kind} prompt needs the field {error}, got {sorted(fields)}") from None
    except (TypeError, ValueError) as error:
        if isinstance(error, PromptError):
            raise
        raise LogError(f"a {kind} prompt has a field of the wrong kind: {error}") from None
    refinements = fields.get("refinements")
    order = fields.get("order", order)
    if type(order) is not int or type(refinements) not in (int, type(None)):
        raise LogError(
            f"'order' and 'refinements' must be whole numbers, got {order!r} and {refinements!r}"
        )
    return Step(prompt, order, refinements)


def _grid(fields: Any) -> Grid | None:
    if fields is None:
        return None
    try:
        i, j, k = fields["shape"]
        return Grid((i, j, k), np.array(fields["affine"], dtype=np.float64))
    except GridError:
        raise
    except (KeyError, TypeError, ValueError):
        raise LogError(
            "a log's 'volume' needs a 'shape' of three numbers and an 'affine' of 4 x 4, "
            f"got {str(fields)[:80]}"
        ) from None
