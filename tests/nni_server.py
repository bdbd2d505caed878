"""A real server in a thread, and the published client in front of it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
from phantoms import GRIDS, bright_ball
from region_growing import RegionGrowing

from voxclick.server.device import Turns
from voxclick.server.nni.app import create_nni_app
from voxclick.server.nni.lease import Lifetimes

MAX_BYTES = 1 << 20


@dataclass
class Clock:
    """Hours that pass when a test says so."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Served:
    """A server that runs, and where."""

    url: str
    app: FastAPI
    clock: Clock = field(default_factory=Clock)
    key: str | None = None

    def client(self, **options) -> nnInteractiveRemoteInferenceSession:
        return nnInteractiveRemoteInferenceSession(self.url, api_key=self.key, **options)


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The address of a server of this application."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(
    prefix="", model=None, key=None, max_sessions=2, max_bytes=MAX_BYTES
) -> Iterator[Served]:
    """A server of the protocol, alone or mounted in another application."""
    segmenter, clock = model or RegionGrowing(), Clock()
    app = create_nni_app(
        lambda: segmenter, Turns(), key, max_sessions, max_bytes, Lifetimes(clock=clock)
    )
    whole = app
    if prefix:
        whole = FastAPI()
        whole.mount(prefix, app)
    with running(whole) as url:
        yield Served(url + prefix, app, clock, key)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts servers as `served` does; they stop with the test."""
    with ExitStack() as stack:
        yield lambda *given, **options: stack.enter_context(served(*given, **options))


@pytest.fixture(scope="session")
def mounted() -> Iterator[Served]:
    """One server for all tests that share it kindly."""
    with served("/nni", max_sessions=1000) as found:
        yield found


CENTRE = (20.0, 18.0, 16.0)
RADIUS_MM = 9.0


@pytest.fixture(scope="session")
def ball() -> tuple[np.ndarray, np.ndarray]:
    """A bright ball in noise as clients send it, `[1, i, j, k]`, and its mask."""
    volume, mask = bright_ball(GRIDS["straight"], CENTRE, RADIUS_MM)
    return volume.array[None], mask.array


@pytest.fixture
def client(mounted, ball) -> Iterator[nnInteractiveRemoteInferenceSession]:
    """A client that has sent the ball and an empty buffer."""
    with mounted.client() as found:
        found.set_image(ball[0], {"spacing": [1.0, 1.0, 1.0]})
        found.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
        yield found
