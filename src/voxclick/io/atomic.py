"""Outputs that appear whole, by rename, or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voxclick.errors import OutputError, VoxclickError

PART = ".voxclick-"
"""What the names of folders begin with in which outputs are written before they appear."""


def check_writable(path: Path, is_folder: bool = False) -> None:
    """Raise OutputError unless a file can be made at this path; call it before the work.

    Args:
        path: Where it is to be.
        is_folder: Whether the output is a folder; none may be there yet.
    """
    folder = path.parent
    try:
        if "\0" in str(path):
            raise ValueError("a null byte in its name")
        here, taken = folder.is_dir(), path.is_dir()
    except (OSError, ValueError) as error:
        raise OutputError(
            f"an output needs a path that can exist, got {str(path)!r}: {error}"
        ) from None
    if not here:
        raise OutputError(
            f"an output needs a folder that exists, got {path}: there is no folder {folder}; "
            "make it first"
        )
    if taken and is_folder:
        raise OutputError(
            f"an output that is a folder needs a path where nothing is, got {path}; remove it first"
        )
    if taken:
        raise OutputError(f"an output needs a file name, got the folder {path}; add a name to it")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"an output needs a folder that can be written, got {folder}")


@contextmanager
def whole(path: Path, suffix: str, is_folder: bool = False) -> Iterator[Path]:
    """A path to write to; what was written there is moved to `path` when all went well.

    Args:
        path: Where the result should appear.
        suffix: Ending of the temporary file, for writers that go by it.
        is_folder: Whether a folder is written, not a file.

    Yields:
        The path to write to, in a folder of its own beside `path`.

    Raises:
        OutputError: If it cannot be written; nothing is left behind then.
    """
    check_writable(path, is_folder)
    try:
        with tempfile.TemporaryDirectory(prefix=PART, dir=path.parent) as folder:
            part = Path(folder) / f"part{suffix}"
            yield part
            for file in (p for p in part.rglob("*") if p.is_file()) if is_folder else (part,):
                with file.open("rb+") as written:
                    os.fsync(written.fileno())
            part.replace(path)
    except OSError as error:
        if isinstance(error, VoxclickError):
            raise
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            reason = "the disk is full; free some space or write elsewhere"
        raise OutputError(f"cannot write {path}: {reason}") from None
