"""Files that users send: bounded, in a folder of their own, and never a door to other files."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from voxclick.errors import FileFormatError, InputError, TooLargeError, UnknownNameError
from voxclick.server.failures import FullError
from voxclick.server.settings import Limits
from voxclick.server.state import ID, StateFolder, new_id

NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")
HEADERS = (".nhdr", ".mhd")
"""Files that say in which other file their voxels are."""

WITH_HEADER = (*HEADERS, ".nrrd", ".mha")
ELSEWHERE = re.compile(
    rb"^\s*(?:data ?file\s*:|elementdatafile\s*=)\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE
)
HEADER_BYTES = 1 << 16


class Uploads:
    """What was sent, and not opened yet.

    Args:
        folder: The state folder.
        limits: Bounds on files and bytes.
    """

    def __init__(self, folder: StateFolder, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits

    def begin(self) -> str:
        """A new upload's id.

        Raises:
            FullError: If too many uploads wait to be opened.
        """
        if sum(1 for _ in (self._folder.path / "uploads").iterdir()) >= self._limits.uploads:
            raise FullError("too many uploads wait to be opened; open or give up some first")
        upload = new_id()
        self._folder.upload(upload).mkdir(mode=0o700)
        return upload

    async def take(self, upload: str, name: str, declared: int, body: AsyncIterator[bytes]) -> int:
        """Take one file in; gives its bytes.

        Args:
            upload: Its id.
            name: Of the file.
            declared: Bytes that are to come.
            body: They themselves.

        Raises:
            UnknownNameError: If there is no such upload.
            InputError: If the name is none, or other bytes came than declared.
            TooLargeError: If it is more than one upload may have.
        """
        folder = self._existing(upload)
        if not NAME.fullmatch(name) or name in (".", "..") or name.startswith("."):
            raise InputError(f"a file needs a plain name without folders, got {name[:80]!r}")
        there = [path for path in folder.iterdir() if path.name != name]
        if len(there) >= self._limits.upload_files:
            raise TooLargeError(f"an upload may have {self._limits.upload_files} files, got more")
        taken = sum(path.stat().st_size for path in there)
        if taken + declared > self._limits.upload_bytes:
            raise TooLargeError(
                f"an upload may have {self._limits.upload_bytes} bytes, got {taken + declared}"
            )
        part = folder / f".{new_id()}.part"
        try:
            came = await _written(part, body, declared)
            if came != declared:
                raise InputError(f"{declared} bytes were declared for {name!r}, {came} came")
            part.replace(folder / name)
        finally:
            part.unlink(missing_ok=True)
        return came

    def claim(self, upload: str, session: str) -> Path:
        """Move an upload to the session that is opened from it; gives the path to read.

        Raises:
            UnknownNameError: If there is no such upload.
            InputError: If it holds no file, or one that refers to files beyond it.
        """
        folder = self._existing(upload)
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if not files:
            raise InputError(f"the upload {upload} holds no file; send one first")
        for path in files:
            _check_header(path)
        home = self._folder.session(session)
        home.mkdir(mode=0o700, exist_ok=True)
        folder.rename(home / "source")
        headers = [path.name for path in files if path.suffix.lower() in HEADERS]
        if len(files) == 1 or len(headers) == 1:
            return home / "source" / (headers or [files[0].name])[0]
        return home / "source"

    def give_back(self, upload: str, session: str) -> None:
        """Undo `claim`: the session could not be opened, and the user may choose again."""
        home = self._folder.session(session)
        (home / "source").rename(self._folder.upload(upload))
        shutil.rmtree(home, ignore_errors=True)

    def _existing(self, upload: str) -> Path:
        folder = self._folder.upload(upload)
        if not ID.fullmatch(upload) or not folder.is_dir():
            raise UnknownNameError("there is no such upload; begin a new one")
        return folder


async def _written(path: Path, body: AsyncIterator[bytes], declared: int) -> int:
    """Write a body to a file, as far as it was declared; gives how many bytes came."""
    came = 0
    with path.open("wb") as file:
        async for chunk in body:
            came += len(chunk)
            if came > declared:
                break
            await asyncio.to_thread(file.write, chunk)
    return came


def _check_header(path: Path) -> None:
    """Refuse a header whose voxels would be read from a file that was not uploaded with it."""
    if path.suffix.lower() not in WITH_HEADER:
        return
    with path.open("rb") as file:
        told = file.read(HEADER_BYTES)
    for value in ELSEWHERE.findall(told):
        name = value.decode("utf-8", "replace")
        if name.lower() != "local" and not _plain(name):
            raise FileFormatError(
                f"the header of {path.name} refers to voxels in another place, {name[:80]!r}; "
                "upload a file that holds its own"
            )


def _plain(name: str) -> bool:
    return bool(re.fullmatch(r"[\w.+-]+", name)) and not name.startswith(".")
