"""The list of a batch: a table or JSON, one image with its prompts a row, checked before any work.

Columns are spelt as the options of `voxclick segment` are.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from voxclick.errors import FileFormatError, InputError, MissingFileError, OptionError
from voxclick.io import SAMPLE
from voxclick.io.kinds import FORMATS
from voxclick.request.request import Request
from voxclick.types import Json, Space

COLUMNS = tuple(field.name for field in fields(Request))
COORDINATES = ("point", "negative", "box")
FILES = ("scribble", "negative_scribble")
SUFFIX = ".nii.gz"
"""Of the masks whose rows do not say where they go."""


@dataclass(frozen=True)
class Row:
    """One image of a batch.

    Attributes:
        number: From 1, without the header.
        where: What people call it, such as "row 2 (line 3) of cohort.csv".
        request: What is asked for; its paths are absolute.
    """

    number: int
    where: str
    request: Request


def read_list(path: Path, folder: Path, space: Space = "voxel") -> list[Row]:
    """The rows of a list.

    Args:
        path: A table with a header, separated by commas, semicolons or tabs (`.csv`, `.tsv`,
            `.txt`), a JSON list of objects (`.json`), or an object a line (`.jsonl`). Relative
            paths in it start at its folder.
        folder: Where masks go whose row does not say.
        space: Where coordinates live whose row does not say.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no such list.
        OptionError: If a row holds what it cannot; the message names the row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingFileError(f"a batch needs a list, got nothing at {path}") from None
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"a batch needs a text file, cannot read {path}: {error}; save it as text in UTF-8"
        ) from None
    read = {".json": _from_json, ".jsonl": _from_json_lines}.get(path.suffix.lower(), _from_table)
    rows = [
        Row(number, where, _request(cells, where, path.absolute().parent, folder, space))
        for number, (where, cells) in enumerate(read(text, path), start=1)
    ]
    if not rows:
        raise FileFormatError(f"a batch needs at least one row, got none in {path}; add some")
    return rows


def _from_table(text: str, path: Path) -> Iterator[tuple[str, Json]]:
    header = text.split("\n", 1)[0]
    separator = next((mark for mark in "\t;" if mark in header and "," not in header), ",")
    lines = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    try:
        names = [name.strip().lower().replace("-", "_") for name in next(lines, [])]
        _check_header(names, path)
        number = 0
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            where = f"row {number} (line {lines.line_num}) of {path.name}"
            if len(cells) > len(names):
                raise OptionError(
                    f"{where} has {len(cells)} cells under a header of {len(names)}; put quotes "
                    'around coordinates, as in "120,88,40"'
                )
            yield where, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise FileFormatError(
            f"a batch needs a table, line {lines.line_num} of {path} is none: {error}"
        ) from None


def _check_header(names: list[str], path: Path) -> None:
    if "image" not in names:
        raise FileFormatError(
            f"the first line of {path} must name its columns, image and any of "
            f"{', '.join(COLUMNS[1:])}, got {','.join(names)[:80]!r}; add that line"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise FileFormatError(f"a column can stand once in {path}, got {min(twice)!r} again")


def _from_json(text: str, path: Path) -> Iterator[tuple[str, Json]]:
    entries = _parsed(text, f"{path}")
    if not isinstance(entries, list):
        raise FileFormatError(
            f"a batch needs a JSON list of objects, got {type(entries).__name__} in {path}; put it "
            "in [ ], or name the file .jsonl"
        )
    for number, entry in enumerate(entries, start=1):
        yield f"row {number} of {path.name}", _object(entry, f"row {number} of {path}")


def _from_json_lines(text: str, path: Path) -> Iterator[tuple[str, Json]]:
    number = 0
    for place, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            number += 1
            where = f"row {number} (line {place}) of {path.name}"
            yield where, _object(_parsed(line, where), where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"a batch needs JSON, {where} is none: {error}") from None


def _object(entry: Any, where: str) -> Json:
    if not isinstance(entry, dict):
        raise FileFormatError(f"a row must be a JSON object, got {type(entry).__name__} in {where}")
    return {name.lower().replace("-", "_"): value for name, value in entry.items()}


def _request(cells: Json, where: str, base: Path, folder: Path, space: Space) -> Request:
    """One row as a request, with its paths made absolute."""
    if unknown := sorted(name for name in cells if name and name not in COLUMNS):
        raise OptionError(
            f"{where} has a column {unknown[0]!r}; the columns are {', '.join(COLUMNS)}"
        )
    given = {name: value for name, value in cells.items() if name and not _empty(value)}
    if "image" not in given:
        raise OptionError(f"{where} needs an image, got none")
    try:
        values = {name: _value(name, value, base) for name, value in given.items()}
        values.setdefault("output", folder.absolute() / _stem(str(values["image"])))
        values.setdefault("space", space)
        return Request(**values)
    except InputError as error:
        raise type(error)(f"{where}: {error}") from None


def _empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _value(name: str, value: Any, base: Path) -> Any:
    if name in COORDINATES:
        return tuple(_coordinates(name, value))
    if name in FILES:
        texts = value if isinstance(value, list) else _text(name, value).split(";")
        return tuple(base / _text(name, one) for one in texts if not _empty(one))
    if name == "mask_label" and isinstance(value, int):
        return str(value)
    text = _text(name, value)
    if name == "image":
        return text if text == SAMPLE and not (base / text).exists() else str(base / text)
    if name in ("output", "mask", "prompts"):
        return base / text
    if name == "space" and text not in get_args(Space):
        raise OptionError(f"space must be one of {', '.join(get_args(Space))}, got {text!r}")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise OptionError(f"{name} must be text, got {value!r}")
    return value.strip()


def _coordinates(name: str, value: Any) -> Iterator[str]:
    """Each as `I,J,K`: of text, between spaces or semicolons; of JSON, also as lists of numbers."""
    if isinstance(value, str):
        yield from filter(None, re.split(r"[\s;]+", re.sub(r"\s*,\s*", ",", value.strip())))
    elif isinstance(value, list) and all(isinstance(one, int | float) for one in value):
        yield ",".join(repr(one) for one in value)
    elif isinstance(value, list):
        for one in value:
            yield from _coordinates(name, one)
    else:
        raise OptionError(f"{name} must be coordinates such as '120,88,40', got {value!r}")


def _stem(image: str) -> str:
    """The file name of a mask for an image."""
    name = Path(image).name
    endings = {end for kind in FORMATS for end in (*kind.suffixes, *kind.read_only_suffixes) if end}
    found = max((e for e in endings if name.lower().endswith(e)), key=len, default="")
    return f"{name[: len(name) - len(found)]}{SUFFIX}"
