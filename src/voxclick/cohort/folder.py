"""The folder of results, made for a run and held by it, so that no other run writes into it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from voxclick.errors import OptionError, OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)

LOCK = ".lock"
"""Stays in the folder: were it deleted, two runs could hold locks on two files of that name."""


def check_folder(folder: Path) -> None:
    """Raise OutputError unless the folder can be made, or is there; call it before the work."""
    if not folder.parent.is_dir():
        raise OutputError(
            f"the results' folder must lie in one that is there, got {folder}; "
            f"make {folder.parent} first"
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"the results need a folder, got the file {folder}; choose another --output"
        )


def make_folder(folder: Path) -> None:
    """Make the folder where it is not there.

    Raises:
        OutputError: If it cannot be made, or the folder it lies in is not there.
    """
    check_folder(folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder of results, made where it is not there, until the work inside is done.

    The lock is the operating system's: it ends with the process, however that ends.

    Raises:
        OptionError: If another run holds it.
        OutputError: If it cannot be made or written.
    """
    make_folder(folder)
    try:
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise _unwritten(folder, error) from None
    with lock:
        try:
            _lock(lock)
        except (BlockingIOError, PermissionError):
            raise OptionError(
                f"one run at a time can write to {folder}, another is at work there; wait "
                "for it or choose another --output"
            ) from None
        except OSError as error:  # some network drives have no locks at all
            logger.warning("%s cannot be locked: %s", folder, error.strerror)
        yield


def _lock(file: IO[str]) -> None:
    """Lock an open file at once; closing it ends the lock."""
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unwritten(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"results must be written to {folder}, which fails: {error.strerror}; make room or choose "
        "another --output"
    )
