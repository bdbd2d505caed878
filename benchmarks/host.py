"""The server that is measured, which notes what its device and its model take."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from jaxtyping import Float
from torch import Tensor

import voxclick as vc
from voxclick.models.base import Embedding, Segmenter
from voxclick.preprocess import View
from voxclick.prompts import Prompt
from voxclick.server.device import Turns
from voxclick.server.nni.app import create_nni_app

T = TypeVar("T")

MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Host:
    """A server in another process.

    Attributes:
        url: Of the protocol.
        pid: Of the process.
        line: To the process.
    """

    url: str
    pid: int
    line: Connection

    def take(self) -> dict[str, list[float]]:
        """Seconds that the device's turns and the model took since this was asked last."""
        self.line.send("take")
        taken: dict[str, list[float]] = self.line.recv()
        return taken

    def memory_mib(self) -> float:
        """What the process holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        (held,) = [line for line in lines if line.startswith("VmRSS")]
        return int(held.split()[1]) / 1024


class TimedTurns(Turns):
    """Turns that note how long each piece of work took, without the wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    async def run(self, who: str, work: Callable[[], T]) -> T:
        """Do a piece of work in turn, and note it."""

        def timed() -> T:
            started = time.perf_counter()
            try:
                return work()
            finally:
                self.seconds.append(time.perf_counter() - started)

        return await super().run(who, timed)


class TimedSegmenter(Segmenter):
    """A model that notes how long it took."""

    def __init__(self, model: Segmenter) -> None:
        self.spec = model.spec
        self.device = model.device
        self.seconds: list[float] = []
        self._model = model

    def embed(self, view: View) -> Embedding:
        """As the model does."""
        started = time.perf_counter()
        found = self._model.embed(view)
        self.seconds.append(time.perf_counter() - started)
        return found

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """As the model does."""
        started = time.perf_counter()
        found = self._model.decode(embedding, prompts, previous)
        self.seconds.append(time.perf_counter() - started)
        return found


def host(line: Connection, max_sessions: int) -> None:
    """Serve until told to stop; tells its port first, and what was noted when asked."""
    turns, model = TimedTurns(), TimedSegmenter(vc.load(device="cpu"))
    app = FastAPI()
    app.mount("/nni", create_nni_app(lambda: model, turns, None, max_sessions, MAX_BYTES))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    line.send(server.servers[0].sockets[0].getsockname()[1])
    while line.recv() != "stop":
        line.send({"turn": list(turns.seconds), "model": list(model.seconds)})
        turns.seconds.clear()
        model.seconds.clear()
    server.should_exit = True
    thread.join()
