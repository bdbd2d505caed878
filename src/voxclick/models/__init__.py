"""Promptable models behind one seam, by name."""

import importlib
from typing import TYPE_CHECKING

from voxclick.errors import UnknownNameError
from voxclick.models.kinds import MODELS, ModelRow

if TYPE_CHECKING:
    from voxclick.models.base import Segmenter


def model_row(name: str | None = None) -> ModelRow:
    """The row of the model of that name; the default model for None.

    Raises:
        UnknownNameError: If there is none; the message names those there are.
    """
    if name is None:
        return MODELS[0]
    for row in MODELS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in MODELS)
    raise UnknownNameError(f"a model must be one of {known}, got {name!r}")


def load(name: str | None = None, device: str = "auto") -> "Segmenter":
    """The model of that name, ready to use on a device; the best there is for None.

    Raises:
        UnknownNameError: If there is no such model.
        OptionError: If the device is unknown or not on this machine.
    """
    row = model_row(name)
    from voxclick.models.device import resolve_device

    target = resolve_device(device)
    segmenter: Segmenter = getattr(importlib.import_module(row.module), row.segmenter)(target)
    return segmenter
