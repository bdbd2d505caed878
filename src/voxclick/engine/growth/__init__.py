"""Strategies for objects that outgrow a view, by name."""

import importlib

from voxclick.engine.growth.kinds import GROWTHS
from voxclick.engine.strategy import Strategy
from voxclick.errors import UnknownNameError

__all__ = ["make_growth"]


def make_growth(name: str | None = None) -> Strategy:
    """The strategy of that name; the first of the table for None.

    Raises:
        UnknownNameError: If there is none; the message names those there are.
    """
    for row in GROWTHS:
        if name in (None, row.name):
            strategy: Strategy = getattr(importlib.import_module(row.module), row.strategy)()
            return strategy
    known = ", ".join(row.name for row in GROWTHS)
    raise UnknownNameError(f"growth must be one of {known}, got {name!r}")
