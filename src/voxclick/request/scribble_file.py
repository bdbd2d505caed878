"""Scribbles from files: rows of coordinates as text or JSON, or the voxels of a mask."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from voxclick import io
from voxclick.errors import MissingFileError, PromptError
from voxclick.geometry import Grid
from voxclick.prompts import Scribble
from voxclick.types import Array, Space

TEXT = (".csv", ".tsv", ".txt")
SEPARATORS = str.maketrans(",;\t", "   ")


def read_scribble(
    flag: str, path: Path, positive: bool, space: Space
) -> tuple[Scribble, Grid | None]:
    """The scribble in a file, and the grid it was drawn on where the file is a mask.

    Args:
        flag: The option that asked for it, for messages.
        path: Text (.csv, .tsv, .txt: one voxel a line; comments after `#`, one line of headings),
            .json (a list of triples, or an object with `points`), or any mask file.
        positive: Whether it marks the object.
        space: Where the coordinates of a text or JSON file live.

    Raises:
        PromptError: If a row is not three numbers, or there is none.
        InputError: If the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in (*TEXT, ".json"):
        labels = io.read_labelmap(path)
        inside = labels.inside
        voxels: Array = np.argwhere(inside.kept[inside.box.slices]) + np.array(inside.box.start)
        if not len(voxels):
            raise PromptError(f"{flag} needs voxels above 0, got none in {path}; draw some")
        return Scribble(voxels, positive), labels.grid
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingFileError(f"{flag} needs a file, got nothing at {path}") from None
    except (OSError, ValueError) as error:
        raise PromptError(f"{flag} needs a text file, cannot read {path}: {error}") from None
    read = _from_json if suffix == ".json" else _from_rows
    points: Any = read(flag, path, text)
    return Scribble(points, positive, space), None


def _from_json(flag: str, path: Path, text: str) -> Any:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptError(f"{flag} needs JSON in {path}, cannot read it: {error}") from None
    return given.get("points") if isinstance(given, dict) else given


def _from_rows(flag: str, path: Path, text: str) -> list[list[float]]:
    rows: list[list[float]] = []
    headings = False
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].translate(SEPARATORS).split()
        if not words:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            row = []
            if not rows and not headings:
                headings = True
                continue
        if len(row) != 3:
            raise PromptError(
                f"{flag} needs three numbers i,j,k in each row of {path}, got "
                f"{line.strip()[:60]!r} in line {number}"
            )
        rows.append(row)
    return rows
