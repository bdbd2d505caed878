"""A connection to a Ray cluster: made within a bounded time or refused in one line, and silent."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from voxclick.errors import OptionError

AUTO, LOCAL = "auto", "local"
LOOPBACK = ("localhost", "127.0.0.1")
PATIENCE_S = 5.0
"""Seconds in which the head of a cluster must take a connection."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_NUM_REDIS_GET_RETRIES": "1",
}
"""Ray reports to nobody, prints nothing of its workers, and does not ask a dead head 20 times."""
ON_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Set to 0, Ray stays on 127.0.0.1; otherwise it takes that for the machine's outer address."""


def check_address(address: str) -> None:
    """Raise OptionError unless it is `auto`, `local` or HOST:PORT."""
    if address in (AUTO, LOCAL):
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise OptionError(
            f"--ray needs auto (the cluster of this machine), local (one made for the run) or "
            f"HOST:PORT of a cluster's head, got {address!r}; `ray start --head` tells its address"
        )


@contextmanager
def connected(address: str, workers: int | None) -> Iterator[ModuleType]:
    """Ray, connected to a cluster until the work inside is done.

    Args:
        address: `auto`, `local` or HOST:PORT.
        workers: For `local`, how many cores it may use; all when None.

    Raises:
        OptionError: If Ray is not installed, nothing answers there, or another version does.
    """
    check_address(address)
    said = {**QUIET, **_token(address)}
    if address == LOCAL or _on_loopback(address):
        said[ON_LOOPBACK] = "0"
    with _environment(said), _scratch(address) as options:
        ray = _imported()
        if ray.is_initialized():  # by the script that calls us: its connection stays
            yield ray
            return
        if address == LOCAL:
            options |= {"num_cpus": workers, "include_dashboard": False}
        try:
            _connect(ray, address, options)
            yield ray
        finally:
            ray.shutdown()


@contextmanager
def _environment(said: dict[str, str]) -> Iterator[None]:
    """What the environment does not say itself, for as long as the connection lasts."""
    added = {name: value for name, value in said.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _imported() -> ModuleType:
    try:
        import ray
    except ImportError:
        raise OptionError(
            "--ray needs the package ray, which is not installed; run: pip install 'voxclick[ray]'"
        ) from None
    module: ModuleType = ray
    return module


@contextmanager
def _scratch(address: str) -> Iterator[dict[str, Any]]:
    """A place for the logs and sockets of a cluster made for the run, which goes with it."""
    if address != LOCAL:
        yield {}
        return
    # a socket's path has 107 characters at most, and the usual folder may be deep
    short = Path("/tmp") if Path("/tmp").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as made:
        yield {"_temp_dir": made}


def _connect(ray: ModuleType, address: str, options: dict[str, Any]) -> None:
    if (known := _known(address)) is not None:
        _check_answers(known)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="CRITICAL", **options)
    except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        told = " ".join(str(error).split())
        if "Version mismatch" in told:
            raise OptionError(
                f"Ray and Python must be of one version on all machines, got {told}; install "
                "the same here as there"
            ) from None
        raise OptionError(
            f"--ray needs a Ray cluster that this machine is a node of, got {address!r}: {told}; "
            "start one with `ray start --head`, join it with `ray start --address=HOST:PORT`, or "
            "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN if it asks for a token"
        ) from None


def _known(address: str) -> str | None:
    """Where a connection will go, as far as that is written down."""
    if address == LOCAL:
        return None
    if address != AUTO:
        return address
    if said := os.environ.get("RAY_ADDRESS"):
        return None if said in (AUTO, LOCAL) else said
    noted = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir()), "ray", "ray_current_cluster")
    return noted.read_text(encoding="utf-8").strip() if noted.is_file() else None


def _token(address: str) -> dict[str, str]:
    """What lets us in where a cluster asks for a token.

    Ray itself shows the user's token to a cluster that it found, and not to an address it is given;
    a cluster made for the run gets one of its own, so that none is left in the user's home.
    """
    if address == LOCAL:
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    host = address.rpartition(":")[0]
    kept = (Path.home() / ".ray" / "auth_token").is_file() or "RAY_AUTH_TOKEN" in os.environ
    return {"RAY_AUTH_MODE": "token"} if kept and host in (*LOOPBACK, _outer()) else {}


def _check_answers(address: str) -> None:
    """Raise at once where Ray would try for a minute."""
    if _answers(address):
        return
    raise OptionError(
        f"--ray needs a Ray cluster that answers, got nothing at {address} within "
        f"{PATIENCE_S:g} s; start one with `ray start --head`, or mend the address"
    )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S):
            return True
    except (OSError, ValueError):
        return False


def _on_loopback(address: str) -> bool:
    """Whether a cluster lives on 127.0.0.1 alone."""
    known = _known(address) or ""
    host, _, port = known.rpartition(":")
    if host not in LOOPBACK:
        return False
    outer = _outer()
    return not outer or not _answers(f"{outer}:{port}")


def _outer() -> str:
    """The address that Ray knows this machine by; empty without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # sends nothing
        try:
            probe.connect(("8.8.8.8", 53))  # as Ray does, to find the same address
        except OSError:
            return ""
        return str(probe.getsockname()[0])
