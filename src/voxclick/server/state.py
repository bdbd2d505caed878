"""The state folder: what a server remembers over a restart.

    secret                              random bytes, for this user's eyes
    uploads/<upload>/<file> ...         sent, and not opened yet
    sessions/<session>/session.json     where the volume is, the model, how objects look
    sessions/<session>/prompts.json     the prompt log
    sessions/<session>/source/...       the upload that the session was opened from

Every file appears whole, by rename. A session's folder goes with the session.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from voxclick.errors import InputError, OutputError
from voxclick.prompts import PromptLog
from voxclick.types import Json

ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
SAMPLE = "sample"


@dataclass(frozen=True)
class Appearance:
    """How an object is shown, and whether it may change."""

    colour: str
    locked: bool = False
    visible: bool = True


@dataclass(frozen=True)
class Record:
    """What is kept of a session besides its prompts.

    Attributes:
        id: The session's.
        name: Of the volume, for people.
        source: `sample`, or the path of the volume.
        model: Name of the model.
        series: Which DICOM series of the source.
        owner: The browser that opened it; empty for the person at the machine.
        revision: Of the newest update.
        current: Label of the object that prompts go to.
        appearances: By label.
    """

    id: str
    name: str
    source: str
    model: str
    series: str | None = None
    owner: str = ""
    revision: int = 0
    current: int | None = None
    appearances: dict[int, Appearance] = field(default_factory=dict)

    def to_json(self) -> Json:
        """As it is kept."""
        looks = {str(label): vars(look) for label, look in self.appearances.items()}
        return {**vars(self), "appearances": looks}

    @classmethod
    def from_json(cls, fields: Json) -> "Record":
        """What `to_json` wrote."""
        looks = {int(label): Appearance(**look) for label, look in fields["appearances"].items()}
        return cls(**{**fields, "appearances": looks})


class StateFolder:
    """The folder; safe to use from several threads as long as each session is one's own.

    Args:
        path: Made if it is not there, readable for this user alone.

    Raises:
        OutputError: If it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in ("sessions", "uploads"):
                (path / part).mkdir(mode=0o700, exist_ok=True)
            self.secret = self._secret()
        except OSError as error:
            raise OutputError(
                f"a state folder must be one that can be written, got {path}: {error.strerror}; "
                "choose another with --state-dir"
            ) from None

    def session(self, session: str) -> Path:
        """The folder of a session."""
        return self.path / "sessions" / session

    def upload(self, upload: str) -> Path:
        """The folder of an upload."""
        return self.path / "uploads" / upload

    def holds(self, session: str) -> bool:
        """Whether a session of that id is kept; False for what is no id."""
        return bool(ID.fullmatch(session)) and (self.session(session) / "session.json").is_file()

    def load(self, session: str) -> tuple[Record, PromptLog]:
        """What is kept of a session.

        Raises:
            InputError: If its files are broken.
        """
        prompts = self.session(session) / "prompts.json"
        return self.load_record(session), PromptLog.load(
            prompts
        ) if prompts.exists() else PromptLog(())

    def save(self, record: Record, log: PromptLog | None = None) -> None:
        """Keep a session; without a log, the prompts stay as they were.

        Raises:
            OutputError: If it cannot be written.
        """
        folder = self.session(record.id)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            part = folder / ".session.json.part"
            part.write_text(json.dumps(record.to_json()), encoding="utf-8")
            part.replace(folder / "session.json")
        except OSError as error:
            raise OutputError(f"cannot keep a session in {folder}: {error.strerror}") from None
        if log is not None:
            log.save(folder / "prompts.json")

    def delete(self, session: str) -> None:
        """Forget a session and what was uploaded for it."""
        shutil.rmtree(self.session(session), ignore_errors=True)

    def records(self) -> Iterator[Record]:
        """Every session that is kept, the newest first."""
        folders = sorted((self.path / "sessions").iterdir(), key=_age)
        for folder in folders:
            if self.holds(folder.name):
                with suppress(InputError):
                    yield self.load_record(folder.name)

    def load_record(self, session: str) -> Record:
        """What is kept of a session besides its prompts.

        Raises:
            InputError: If it cannot be read.
        """
        try:
            text = (self.session(session) / "session.json").read_text()
            return Record.from_json(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"the kept session {session} cannot be read: {error}") from None

    def outdated(self, part: str, seconds: float) -> list[str]:
        """Names of the folders in `sessions` or `uploads` that nobody touched for so long."""
        folders = (self.path / part).iterdir()
        return [folder.name for folder in folders if _age(folder) > seconds]

    def _secret(self) -> bytes:
        path = self.path / "secret"
        if not path.exists():
            part = self.path / f".secret.{os.getpid()}"
            part.touch(mode=0o600)
            part.write_bytes(secrets.token_bytes(32))
            with suppress(FileExistsError):
                os.link(part, path)  # of two servers that start at once, the first one's holds
            part.unlink()
        return path.read_bytes()


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(16)


def _age(folder: Path) -> float:
    """Seconds since a folder or its session file changed."""
    kept = folder / "session.json"
    try:
        return time.time() - (kept if kept.exists() else folder).stat().st_mtime
    except OSError:
        return 0.0
