"""voxclick: a few clicks, boxes or scribbles become a 3D segmentation of a CT or MR volume.

Everything a user needs is here; what is heavy is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxclick.client import connect as connect
    from voxclick.engine import Change as Change
    from voxclick.engine import Session as Session
    from voxclick.engine import replay as replay
    from voxclick.engine import segment as segment
    from voxclick.errors import InputError as InputError
    from voxclick.errors import VoxclickError as VoxclickError
    from voxclick.geometry import Grid as Grid
    from voxclick.io import read as read
    from voxclick.io import read_labelmap as read_labelmap
    from voxclick.io import read_mask as read_mask
    from voxclick.io import sample as sample
    from voxclick.io import write as write
    from voxclick.models import load as load
    from voxclick.prompts import BoxPrompt as Box
    from voxclick.prompts import Lasso as Lasso
    from voxclick.prompts import MaskPrompt as MaskPrompt
    from voxclick.prompts import Point as Point
    from voxclick.prompts import PromptLog as PromptLog
    from voxclick.prompts import Scribble as Scribble
    from voxclick.volume import LabelMap as LabelMap
    from voxclick.volume import Mask as Mask
    from voxclick.volume import Volume as Volume

__version__ = "0.1.0"

_HOMES: dict[str, tuple[str, str]] = {
    "Box": ("voxclick.prompts", "BoxPrompt"),
    "Change": ("voxclick.engine", "Change"),
    "Grid": ("voxclick.geometry", "Grid"),
    "InputError": ("voxclick.errors", "InputError"),
    "LabelMap": ("voxclick.volume", "LabelMap"),
    "Lasso": ("voxclick.prompts", "Lasso"),
    "Mask": ("voxclick.volume", "Mask"),
    "MaskPrompt": ("voxclick.prompts", "MaskPrompt"),
    "Point": ("voxclick.prompts", "Point"),
    "PromptLog": ("voxclick.prompts", "PromptLog"),
    "Scribble": ("voxclick.prompts", "Scribble"),
    "Session": ("voxclick.engine", "Session"),
    "Volume": ("voxclick.volume", "Volume"),
    "VoxclickError": ("voxclick.errors", "VoxclickError"),
    "connect": ("voxclick.client", "connect"),
    "load": ("voxclick.models", "load"),
    "read": ("voxclick.io", "read"),
    "read_labelmap": ("voxclick.io", "read_labelmap"),
    "read_mask": ("voxclick.io", "read_mask"),
    "replay": ("voxclick.engine", "replay"),
    "sample": ("voxclick.io", "sample"),
    "segment": ("voxclick.engine", "segment"),
    "write": ("voxclick.io", "write"),
}

__all__ = [
    "Box",
    "Change",
    "Grid",
    "InputError",
    "LabelMap",
    "Lasso",
    "Mask",
    "MaskPrompt",
    "Point",
    "PromptLog",
    "Scribble",
    "Session",
    "Volume",
    "VoxclickError",
    "__version__",
    "connect",
    "load",
    "read",
    "read_labelmap",
    "read_mask",
    "replay",
    "sample",
    "segment",
    "write",
]


def __getattr__(name: str) -> Any:
    """The public name, from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'voxclick' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    found = getattr(importlib.import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
