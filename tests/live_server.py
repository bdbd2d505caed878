"""A real server in this process: uvicorn on a free port of the loopback, in a thread."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from voxclick.server.app import create_app
from voxclick.server.run import listen
from voxclick.server.settings import Settings

KEY = "a-key-for-tests"


class LiveServer:
    """Where a server answers, and clients for it."""

    def __init__(
        self, settings: Settings, port: int, app: Any, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.settings = settings
        self.port = port
        self.app = app
        self.address = f"http://127.0.0.1:{port}"
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the server's own loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def client(self, key: str | None = KEY) -> httpx.Client:
        """An HTTP client for the API; a stranger for None."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=60)


@contextmanager
def live(state_dir: Path, port: int = 0, **settings: Any) -> Iterator[LiveServer]:
    """A server while the block runs; the same state folder goes on where the last one ended."""
    settings.setdefault("api_key", KEY)
    chosen = Settings(state_dir=state_dir, device="cpu", **settings)
    app = create_app(chosen)
    bound = listen("127.0.0.1", port)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def served() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[bound])

    thread = threading.Thread(target=lambda: asyncio.run(served()))
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield LiveServer(chosen, bound.getsockname()[1], app, loops[0])
    finally:
        server.should_exit = True
        thread.join(20)
        bound.close()
