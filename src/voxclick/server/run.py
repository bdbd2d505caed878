"""Running the server: a port, uvicorn, and a word when it is ready."""

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from voxclick.errors import OptionError
from voxclick.server.app import create_app
from voxclick.server.desk import Desk
from voxclick.server.security import Keys
from voxclick.server.settings import Settings

LARGEST_MESSAGE = 1 << 16
"""Bytes of what a page may send over the socket; it sends nothing."""

GRACE_S = 3


@dataclass(frozen=True)
class Opened:
    """What `voxclick open` opens at once.

    Attributes:
        source: `sample`, or one of the paths of the settings.
        series: Which DICOM series, where there are several.
    """

    source: str
    series: str | None = None


def listen(host: str, port: int, elsewhere: bool = False) -> socket.socket:
    """A socket that is bound and ready to be served.

    Args:
        host: Name or address.
        port: 0 for any that is free.
        elsewhere: Whether any free port will do when this one is taken.

    Raises:
        OptionError: If it cannot be bound.
    """
    if not 0 <= port <= 65535:
        raise OptionError(f"a port must be from 0 to 65535, got {port}")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise OptionError(f"a host must be one of this machine, got {host!r}: {error}") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        if elsewhere and error.errno == errno.EADDRINUSE:
            return listen(host, 0)
        raise OptionError(
            f"a port must be free, cannot listen at {host}:{port}: {error}; choose another --port"
        ) from None
    return bound


def serve(
    settings: Settings,
    bound: socket.socket,
    ready: Callable[[str], None],
    opened: Opened | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        settings: How.
        bound: Where; closed at the end.
        ready: Called with the address to open, once it answers.
        opened: A volume to open first.

    Raises:
        InputError: If that volume cannot be opened.
        OutputError: If the state folder cannot be written.
    """
    answered = False

    def answers(address: str) -> None:
        nonlocal answered
        answered = True
        ready(address)

    with bound:
        app = create_app(settings)
        try:
            asyncio.run(_serve(app, settings, bound, answers, opened))
        except KeyboardInterrupt:
            if not answered:
                raise


async def _serve(
    app: FastAPI,
    settings: Settings,
    bound: socket.socket,
    ready: Callable[[str], None],
    opened: Opened | None,
) -> None:
    session = ""
    if opened is not None:
        desk: Desk = app.state.desk
        session = (await desk.open(opened.source, opened.series, None, "")).record.id
    keys: Keys = app.state.keys
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{bound.getsockname()[1]}/?token={keys.token}"
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=LARGEST_MESSAGE,
        timeout_graceful_shutdown=GRACE_S,
    )

    if session:
        address += f"&session={session}"
    await _Server(config, lambda: ready(address)).serve(sockets=[bound])


class _Server(uvicorn.Server):
    """Uvicorn, that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def state_folder(given: Path | None, default: Path) -> Path:
    """The state folder that was asked for, as an absolute path."""
    return (given if given is not None else default).expanduser().absolute()
