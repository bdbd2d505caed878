"""Weights on this machine: where they lie, if they do, and how they are read and written."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.io.atomic import whole
from voxclick.models.kinds import ModelRow

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".safetensors"

Presence = Literal["packaged", "here", "absent", "none"]
"""Weights come with voxclick, were fetched, are still to be fetched, or are not needed."""


def home() -> Path:
    """The folder of what voxclick keeps: `VOXCLICK_HOME`, else in the platform's cache folder."""
    if chosen := os.environ.get("VOXCLICK_HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "voxclick"


def place(row: ModelRow) -> Path:
    """Where the weights of a model lie once they were fetched."""
    return home() / "models" / f"{row.name}{SUFFIX}"


def presence(row: ModelRow) -> Presence:
    """Whether the weights of a model are on this machine."""
    if row.checkpoint is None:
        return "none" if row.licence == "none" else "packaged"
    return "here" if place(row).is_file() else "absent"


def stored(row: ModelRow) -> Path:
    """The file of a model's fetched weights.

    Raises:
        MissingFileError: If they were never fetched; the message says how.
    """
    path = place(row)
    if not path.is_file():
        raise MissingFileError(
            f"the weights of {row.name} are needed at {path}, got nothing there; "
            f"get them with: voxclick fetch {row.name}"
        )
    return path


def read_header(path: Path) -> dict[str, str]:
    """What a safetensors file tells of its tensors; empty where it tells nothing.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    _check(path)
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _no_safetensors(path, error) from None


def read_weights(path: Path) -> tuple[dict[str, "Tensor"], dict[str, str]]:
    """The tensors of a safetensors file, on the CPU as they were stored, and its header.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    _check(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _no_safetensors(path, error) from None


def save_weights(path: Path, tensors: dict[str, "Tensor"], header: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all; its folder must exist.

    Args:
        path: Where it should appear.
        tensors: By name; those that share memory are written apart.
        header: `voxclick`, the family's package, and what is needed to build its network.

    Raises:
        OutputError: If it cannot be written there.
    """
    import torch
    from safetensors.torch import save_file

    apart = {
        name: value.detach().to("cpu").clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }
    with whole(path, SUFFIX) as part:
        part.touch()
        mode = part.stat().st_mode
        save_file(apart, part, metadata=header)
        part.chmod(mode)  # safetensors makes files that their owner alone can read


def family_of(path: Path) -> str:
    """The family whose weights a file holds, as its header tells.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no safetensors file that voxclick wrote.
    """
    header = read_header(path)
    # the built-in network's training wrote its widths alone before there were other families
    family = header.get("voxclick", "builtin" if "widths" in header else "")
    if not family:
        raise FileFormatError(
            f"weights need a header that names their family, {path} tells "
            f"{json.dumps(sorted(header))}; import it first: voxclick fetch NAME --from {path}"
        )
    return family


def _check(path: Path) -> None:
    if not path.exists():
        raise MissingFileError(f"weights are needed at {path}, got nothing there; check the path")


def _no_safetensors(path: Path, error: Exception) -> FileFormatError:
    reason = " ".join(str(error).split())
    return FileFormatError(
        f"weights need a {SUFFIX} file, cannot read {path}: {reason}; "
        "import other files with: voxclick fetch NAME --from FILE"
    )
