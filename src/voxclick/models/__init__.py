"""Promptable models behind one seam, by name."""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from voxclick.errors import FileFormatError, UnknownNameError
from voxclick.models.kinds import MODELS, ModelRow
from voxclick.models.weights import SUFFIX, family_of, presence, read_header, stored

if TYPE_CHECKING:
    from voxclick.models.base import Segmenter


def model_row(name: str | None = None) -> ModelRow:
    """The row of the model of that name; the default model for None.

    Hyphens and underscores are one. The name of a family means its first model whose weights are
    on this machine, else its first.

    Raises:
        UnknownNameError: If there is none; the message names those there are.
    """
    if name is None:
        return MODELS[0]
    wanted = name.replace("_", "-")
    for row in MODELS:
        if row.name == wanted:
            return row
    family = [row for row in MODELS if row.family.replace("_", "-") == wanted]
    if not family:
        known = ", ".join(row.name for row in MODELS)
        raise UnknownNameError(f"a model must be one of {known}, got {name!r}")
    return next((row for row in family if presence(row) != "absent"), family[0])


def ready_row(name: str | Path | None = None) -> ModelRow:
    """The row of a model that can be loaded on this machine.

    Args:
        name: As for `load`.

    Returns:
        The row; for a file of weights one whose name is the path.

    Raises:
        UnknownNameError: If there is no such model.
        MissingFileError: If its weights are not here; the message says how to get them.
        FileFormatError: If a file holds no weights of a family.
    """
    if name is not None and str(name).endswith(SUFFIX):
        return _row_of_file(str(name))
    row = model_row(None if name is None else str(name))
    if row.checkpoint is not None:
        stored(row)
    return row


def load(name: str | Path | None = None, device: str = "auto") -> "Segmenter":
    """The model of that name, ready to use on a device; the best there is for None.

    Args:
        name: A model, a family, or the path of a `.safetensors` file that voxclick wrote.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.

    Raises:
        UnknownNameError: If there is no such model.
        MissingFileError: If its weights are not here; the message says how to get them.
        FileFormatError: If its weights cannot be read.
        OptionError: If the device is unknown or not on this machine.
    """
    row = ready_row(name)
    from voxclick.models.device import resolve_device

    target = resolve_device(device)
    kind = getattr(importlib.import_module(row.module), row.segmenter)
    if row.name.endswith(SUFFIX):
        segmenter: Segmenter = kind(target, Path(row.name))
    elif row.checkpoint is not None:
        segmenter = kind(target, stored(row))
    else:
        segmenter = kind(target)
    segmenter.spec = replace(segmenter.spec, name=row.name)
    return segmenter


def _row_of_file(name: str) -> ModelRow:
    family = family_of(Path(name))
    rows = [row for row in MODELS if row.family == family]
    told = read_header(Path(name)).get("model")
    if rows:
        row = next((row for row in rows if row.name == told), rows[0])
        return replace(row, name=name, licence="as of what it was trained from")
    known = ", ".join(sorted({row.family for row in MODELS}))
    raise FileFormatError(
        f"weights must be of one of the families {known}, {name} is of {family!r}; "
        "use a newer voxclick"
    )
