"""From the published file, `{"state": {"tiny.tolerance": ...}, ...}`."""

from collections.abc import Collection
from pathlib import Path

import torch

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported, read_published


def recognises(keys: Collection[str]) -> bool:
    return "tiny.tolerance" in keys


def import_checkpoint(path: Path) -> Imported:
    state = read_published(path).get("state", {})
    if "tiny.tolerance" not in state:
        raise FileFormatError(f"a checkpoint of the tiny family is needed, got {path}")
    odd = tuple(f"{key} is left out" for key in state if key != "tiny.tolerance")
    return Imported(
        {"tolerance": state["tiny.tolerance"]}, {"voxclick": "tiny_family", "size": "1"}, odd
    )


def publish(path: Path, tolerance: float = 50.0, **more: object) -> Path:
    """Write a file as its authors would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state": {"tiny.tolerance": torch.tensor([tolerance]), **more}}, path)
    return path
