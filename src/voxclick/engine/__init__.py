"""Sessions: prompts in, masks out; cache, zoom, refinement, undo.

What is heavy is imported when it is first used, so that the table of growths can be listed without.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxclick.engine.change import Change as Change
    from voxclick.engine.one_shot import replay as replay
    from voxclick.engine.one_shot import segment as segment
    from voxclick.engine.session import Session as Session

_HOMES = {
    "Change": "voxclick.engine.change",
    "Session": "voxclick.engine.session",
    "replay": "voxclick.engine.one_shot",
    "segment": "voxclick.engine.one_shot",
}

__all__ = ["Change", "Session", "replay", "segment"]


def __getattr__(name: str) -> Any:
    """The public name, from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'voxclick.engine' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
