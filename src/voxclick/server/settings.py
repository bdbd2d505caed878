"""What a server is started with, and the bounds it keeps."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from voxclick.errors import OptionError

DEFAULT_PORT = 1527


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one user, or one broken program, from using up the machine.

    Attributes:
        body_bytes: Of one request that is not an upload.
        upload_bytes: Of all files of one upload.
        upload_files: In one upload.
        uploads: Waiting to be opened.
        voxels: Of one volume.
        objects: In one session.
        body_seconds: That a body may stall before its request is given up.
        idle_seconds: After which a session nobody watches leaves the memory; it can be restored.
        kept_seconds: After which a session nobody used is deleted, with what was uploaded for it.
        cache_bytes: Of embeddings, for all sessions together.
    """

    body_bytes: int = 16 << 20
    upload_bytes: int = 8 << 30
    upload_files: int = 20_000
    uploads: int = 64
    voxels: int = 1 << 30
    objects: int = 1000
    body_seconds: float = 60.0
    idle_seconds: float = 1800.0
    kept_seconds: float = 30 * 86_400.0
    cache_bytes: int = 1 << 30


@dataclass(frozen=True)
class Settings:
    """How one server runs.

    Attributes:
        state_dir: Where sessions and uploads are kept, so that they survive a restart.
        host: The address it is bound to.
        model: Name of the model for new sessions; the best there is when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.
        api_key: What users must know; None: a random token, kept in the state folder.
        max_sessions: Sessions held in memory at once.
        opened: Files and folders that the user opened; no others are read.
        names: Further names that the machine is reached by.
        limits: Bounds.

    Raises:
        OptionError: If it would be open to the network without a key, or the key is too short.
    """

    state_dir: Path
    host: str = "127.0.0.1"
    model: str | None = None
    device: str = "auto"
    api_key: str | None = None
    max_sessions: int = 16
    opened: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.api_key is None and not self.loopback:
            raise OptionError(
                f"a server that others can reach needs --api-key, got the host {self.host} "
                "without one; choose a key or leave --host out"
            )
        if self.api_key is not None and not _is_key(self.api_key):
            raise OptionError(
                "an --api-key must be 8 to 512 letters, digits or signs without blanks, got "
                f"{len(self.api_key)} characters; choose another one"
            )
        if self.max_sessions < 1:
            raise OptionError(f"--max-sessions must be 1 or more, got {self.max_sessions}")

    @property
    def loopback(self) -> bool:
        """Whether the server is reached from this machine alone."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def default_state_dir() -> Path:
    """Where this user's programs keep their state (XDG base directory specification)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "state") / "voxclick"


def _is_key(key: str) -> bool:
    return 8 <= len(key) <= 512 and all("!" <= sign <= "~" for sign in key)
