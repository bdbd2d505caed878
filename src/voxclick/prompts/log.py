"""The log of what was said: every prompt of every object, as JSON in and out."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, get_args

import numpy as np

from voxclick.errors import LogError, MissingFileError, OutputError, PromptError
from voxclick.geometry import Grid
from voxclick.prompts.base import Prompt
from voxclick.prompts.kinds import KINDS
from voxclick.types import Json, Space

VERSION = 1
MASK_ROOM = 2**32
"""Voxels of all masks in one log, a byte each in memory: 32 of 512 x 512 x 512."""


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

    Raises:
        LogError: If a prompt lives in another space.
    """

    objects: tuple[ObjectLog, ...]
    grid: Grid | None = None
    space: Space = "voxel"

    def __post_init__(self) -> None:
        for log in self.objects:
            for prompt in log.prompts:
                if prompt.space != self.space and prompt.kind != "mask":
                    raise LogError(
                        f"a prompt log in {self.space} space needs every prompt in it, got a "
                        f"{prompt.kind} in {prompt.space} space; convert it with to_voxel(grid)"
                    )

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
            LogError: If a field is missing or of another kind; the message names it.
            PromptError: If a prompt holds what no prompt can.
            GridError: If the volume's shape or affine describe no grid.
        """
        if not isinstance(fields, dict) or "objects" not in fields:
            raise LogError(
                f"a prompt log must be a JSON object with 'objects', got {_short(fields)}"
            )
        if fields.get("version", VERSION) != VERSION:
            raise LogError(
                f"a prompt log of version {VERSION} is needed, got {_short(fields['version'])}"
            )
        space = fields.get("space", "voxel")
        if space not in get_args(Space):
            raise LogError(f"a log's space must be one of {get_args(Space)}, got {_short(space)}")
        return cls(_objects(fields["objects"], space), _grid(fields.get("volume")), space)

    def save(self, path: str | Path) -> None:
        """Write the log as JSON, whole by rename.

        Raises:
            OutputError: If it cannot be written there.
        """
        target = Path(path)
        part = target.parent / f".{target.name}.part"
        try:
            part.write_text(json.dumps(self.to_json()), encoding="utf-8")
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
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
        except (OSError, ValueError) as error:
            raise LogError(f"a prompt log must be JSON text, cannot read {path}: {error}") from None
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LogError(f"a prompt log must be JSON, cannot read {path}: {error}") from None
        return cls.from_json(fields)


def _objects(entries: Any, space: Space) -> tuple[ObjectLog, ...]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise LogError("a log's 'objects' must be a list of objects with a name and prompts")
    _check_room([fields for entry in entries for fields in _list(entry, "prompts")])
    logs: list[ObjectLog] = []
    order = 0
    for place, entry in enumerate(entries):
        steps: list[Step] = []
        for fields in _list(entry, "prompts"):
            steps.append(_step(fields, space, order))
            order += 1
        label = entry.get("label", place + 1)
        if type(label) is not int or label < 1:
            raise LogError(
                f"an object's label must be a whole number from 1 up, got {_short(label)}"
            )
        name = entry.get("name", f"object_{label}")
        if not isinstance(name, str) or not name:
            raise LogError(f"an object's name must be a text, got {_short(name)}")
        logs.append(ObjectLog(name, label, tuple(steps)))
    for what, values in (("name", [g.name for g in logs]), ("label", [g.label for g in logs])):
        if len(set(values)) != len(values):
            raise LogError(f"each object needs a {what} of its own, got {_short(values)}")
    return tuple(logs)


def _check_room(prompts: Sequence[Any]) -> None:
    """Raise LogError for masks that would fill the memory, before the first is unpacked."""
    shapes = [one.get("shape") for one in prompts if isinstance(one, dict)]
    voxels = sum(
        prod(shape)
        for shape in shapes
        if isinstance(shape, list) and all(type(n) is int and n > 0 for n in shape)
    )
    if voxels > MASK_ROOM:
        raise LogError(
            f"the masks of a prompt log may have {MASK_ROOM} voxels together, got {voxels}; "
            "give masks as files"
        )


def _list(entry: Json, key: str) -> Sequence[Any]:
    values = entry.get(key, [])
    if not isinstance(values, list):
        raise LogError(f"an object's {key!r} must be a list, got {type(values).__name__}")
    return values


def _step(fields: Any, space: Space, order: int) -> Step:
    kind = fields.get("kind") if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise LogError(f"a prompt's kind must be one of {', '.join(KINDS)}, got {_short(kind)}")
    if "space" in fields:
        raise LogError("a prompt log has one 'space' for all its prompts, got one in a prompt")
    try:
        prompt = KINDS[kind].from_json(fields, space)
    except KeyError as error:
        raise LogError(
            f"a {kind} prompt needs the field {error}, got {_short(sorted(fields))}"
        ) from None
    except PromptError:
        raise
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        raise LogError(f"a {kind} prompt has a field of the wrong kind: {error}") from None
    refinements = fields.get("refinements")
    order = fields.get("order", order)
    for what, number in (
        ("order", order),
        ("refinements", 0 if refinements is None else refinements),
    ):
        if type(number) is not int or number < 0:
            raise LogError(f"{what!r} must be a whole number from 0 up, got {_short(number)}")
    return Step(prompt, order, refinements)


def _grid(fields: Any) -> Grid | None:
    if fields is None:
        return None
    try:
        return Grid(fields["shape"], fields["affine"])
    except (KeyError, TypeError):
        raise LogError(
            "a log's 'volume' needs a 'shape' of three numbers and an 'affine' of 4 x 4, "
            f"got {_short(fields)}"
        ) from None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
