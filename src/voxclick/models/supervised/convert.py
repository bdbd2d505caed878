"""Supervised networks have no published checkpoints: they are trained here."""

from collections.abc import Collection
from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported


def recognises(keys: Collection[str]) -> bool:
    """Whether a checkpoint with these keys is one of the family: none is."""
    return False


def import_checkpoint(path: Path) -> Imported:
    """Nothing to import; files that `voxclick train` wrote are taken without it.

    Raises:
        FileFormatError: Always.
    """
    raise FileFormatError(
        f"supervised networks are taken from voxclick train alone, got {path}; train one on your "
        "labels: voxclick train dynunet -o run --data DATA"
    )
