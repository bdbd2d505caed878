"""Strategies for objects that outgrow a view, by name."""

import importlib
from typing import TYPE_CHECKING

from voxclick.engine.growth.kinds import GROWTHS
from voxclick.errors import UnknownNameError

if TYPE_CHECKING:
    from voxclick.engine.strategy import Strategy
    from voxclick.models.base import Spec

__all__ = ["make_growth"]


def make_growth(spec: "Spec", name: str | None = None) -> "Strategy":
    """The strategy of that name for a model; the model's default for None.

    Raises:
        UnknownNameError: If there is none, or it does not suit the model; the message names those
            that do.
    """
    wanted = spec.growths[0] if name is None else name
    for row in GROWTHS:
        if row.name == wanted and wanted in spec.growths:
            strategy: Strategy = getattr(importlib.import_module(row.module), row.strategy)()
            return strategy
    known = ", ".join(spec.growths)
    raise UnknownNameError(
        f"growth with the model {spec.name} must be one of {known}, got {name!r}"
    )
