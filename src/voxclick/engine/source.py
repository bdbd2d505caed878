"""What a session is opened on."""

from pathlib import Path

from voxclick import io
from voxclick.errors import InputError
from voxclick.volume import Volume


def opened(volume: object) -> Volume:
    """The volume, read if it is a path.

    Raises:
        InputError: If it is neither, or cannot be read.
    """
    if isinstance(volume, Volume):
        return volume
    if isinstance(volume, str | Path):
        return io.read(volume)
    raise InputError(
        f"a session needs a Volume or the path of one, got {type(volume).__name__}; "
        "write Volume(array, grid)"
    )
