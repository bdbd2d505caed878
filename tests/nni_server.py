"""A real server of nnInteractive's protocol in a thread, for the published client."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI
from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
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
    prefix="", model=None, key=None, max_sessions=2, max_bytes=MAX_BYTES, liveness_s=60.0
) -> Iterator[Served]:
    """A server of the protocol, alone or mounted in another application."""
    segmenter, clock = model or RegionGrowing(), Clock()
    app = create_nni_app(
        lambda: segmenter, Turns(), key, max_sessions, max_bytes, Lifetimes(liveness_s, clock=clock)
    )
    whole = app
    if prefix:
        whole = FastAPI()
        whole.mount(prefix, app)
    with running(whole) as url:
        yield Served(url + prefix, app, clock, key)
