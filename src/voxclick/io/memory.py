"""How much of a file goes into memory, and whether it fits."""

import os
from pathlib import Path

from voxclick.errors import TooLargeError

LOADED = 1 << 30
"""Bytes: a volume of more stays in its file where its format lets parts of it be read."""

CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Where Linux tells how much the processes of a container may take together."""


def available_bytes() -> int | None:
    """Memory that is free for use here; None where the system does not tell."""
    found = [_free(), _left_in_group()]
    return min((one for one in found if one is not None), default=None)


def check_fits(path: Path, needed: int, instead: str) -> None:
    """Raise unless a volume fits in memory; call it before reading.

    Args:
        path: The file, for the message.
        needed: Bytes of all its voxels.
        instead: What to do where it does not fit.

    Raises:
        TooLargeError: If it does not.
    """
    available = available_bytes()
    if needed > LOADED and available is not None and needed > available:
        raise TooLargeError(
            f"the voxels of {path} must fit in the {available / 1e9:.1f} GB of memory that are "
            f"free, they take {needed / 1e9:.1f} GB; {instead}"
        )


def _free() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(kilobytes) * 1024
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_group() -> int | None:
    try:
        most = (CONTROL_GROUP / "memory.max").read_text(encoding="ascii").strip()
        taken = (CONTROL_GROUP / "memory.current").read_text(encoding="ascii").strip()
        return None if most == "max" else max(0, int(most) - int(taken))
    except (OSError, ValueError):
        return None
