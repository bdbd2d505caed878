"""Where clients and the device meet: leases, work in turn, and the sweep of what is left behind."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import HTTPException

from voxclick.engine.cache import EmbeddingCache
from voxclick.models.base import Segmenter
from voxclick.server.device import Turns
from voxclick.server.nni.lease import Lease, Leases, Lifetimes
from voxclick.server.nni.sitting import Sitting

T = TypeVar("T")

RETRY_AFTER_S = 10
"""When to come back, told to clients that find no free lease."""

EMBEDDINGS_BYTES = 1 << 30
"""What the embeddings of all clients' images may hold together."""

SWEEPS = 4
"""How often leases are looked through in the shorter of their lifetimes."""


class Desk:
    """What all endpoints share. Belongs to one event loop, which no work blocks.

    Args:
        model: Gives the model that answers, loading it at first; may be called from any thread.
        turns: At the model's device.
        max_sessions: Clients that may work at a time.
        max_bytes: What one array of a client may measure.
        lifetimes: When the lease of a client ends by itself.
    """

    def __init__(
        self,
        model: Callable[[], Segmenter],
        turns: Turns,
        max_sessions: int,
        max_bytes: int,
        lifetimes: Lifetimes,
    ) -> None:
        self.model = model
        self.leases = Leases(max_sessions, lifetimes, self._clear)
        self.max_bytes = max_bytes
        self.cache = EmbeddingCache(EMBEDDINGS_BYTES)
        self._turns = turns
        self._clearing: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    def claim(self) -> Lease:
        """A new lease.

        Raises:
            HTTPException: 503 while there are as many as there may be.
        """
        lease = self.leases.claim(Sitting(self.model, self.cache, self._others_wait))
        if lease is None:
            raise HTTPException(
                503,
                f"all {self.leases.most} places of this server are taken; try again later",
                {"Retry-After": str(RETRY_AFTER_S)},
            )
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep_while_held())
        return lease

    def find(self, token: str | None) -> Lease:
        """The lease of a token.

        Raises:
            HTTPException: 410 if it never was, was released or has ended.
        """
        lease = self.leases.find(token)
        if lease is None:
            raise _gone()
        return lease

    async def predict(self, lease: Lease, work: Callable[[], T]) -> T:
        """Do a client's work at the device, when its turn comes."""
        with self.leases.at_work(lease):
            async with lease.turn:
                self._still_held(lease)
                return await self._turns.run(f"nni {lease.token}", work)

    async def work(self, lease: Lease, work: Callable[[], T]) -> T:
        """Do a client's work that needs no device, in a thread."""
        with self.leases.at_work(lease):
            async with lease.turn:
                self._still_held(lease)
                return await asyncio.to_thread(work)

    def _others_wait(self) -> bool:
        return self._turns.waiting > 0

    def _still_held(self, lease: Lease) -> None:
        if lease not in self.leases:  # released while this waited
            raise _gone()

    def _clear(self, lease: Lease) -> None:
        """Free what a lease held, after the last of its work, which may still go on."""

        async def clear() -> None:
            async with lease.turn:
                await asyncio.to_thread(lease.sitting.close)

        task = asyncio.create_task(clear())
        self._clearing.add(task)
        task.add_done_callback(self._clearing.discard)

    async def _sweep_while_held(self) -> None:
        lifetimes = self.leases.lifetimes
        while len(self.leases):
            await asyncio.sleep(min(lifetimes.liveness_s, lifetimes.idle_s) / SWEEPS)
            self.leases.sweep()


def _gone() -> HTTPException:
    return HTTPException(410, "this lease is unknown or has ended; claim a new one")
