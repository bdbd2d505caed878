"""Who may work on the server, and for how long: leases with two lifetimes."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from voxclick.server.nni.sitting import Sitting


@dataclass(frozen=True)
class Lifetimes:
    """When a lease ends by itself.

    Attributes:
        liveness_s: Seconds without any request, heartbeats included: the client is gone.
        idle_s: Seconds without a request that does something: its user is gone.
        clock: Gives seconds that never run backwards.
    """

    liveness_s: float = 60.0
    idle_s: float = 600.0
    clock: Callable[[], float] = time.monotonic


@dataclass(eq=False)
class Lease:
    """One client's right to work here, and what it works on.

    Attributes:
        sitting: Its image, its target buffer and its prompts.
        seen_s: When the client was last heard of, by the clock of the lifetimes.
        acted_s: When it last did something.
        token: What the client shows with each request.
        turn: Held while one request of the client is worked on; the next one waits.
        jobs: How many of its requests are worked on or wait for that.
    """

    sitting: Sitting
    seen_s: float
    acted_s: float
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    jobs: int = 0


class Leases:
    """All leases, at most so many at a time. Belongs to one event loop: nothing here waits.

    Args:
        most: How many there may be.
        lifetimes: When one ends by itself.
        on_end: Called with each lease that has ended, so that what it held is freed.
    """

    def __init__(self, most: int, lifetimes: Lifetimes, on_end: Callable[[Lease], object]) -> None:
        self.most = most
        self.lifetimes = lifetimes
        self._on_end = on_end
        self._held: dict[str, Lease] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, lease: Lease) -> bool:
        return lease.token in self._held

    def claim(self, sitting: Sitting) -> Lease | None:
        """A new lease; None while there are as many as there may be."""
        self.sweep()
        if len(self._held) >= self.most:
            return None
        now = self.lifetimes.clock()
        lease = Lease(sitting, seen_s=now, acted_s=now)
        self._held[lease.token] = lease
        return lease

    def find(self, token: str | None) -> Lease | None:
        """The lease of that token; None if it never was, was released or has ended."""
        self.sweep()
        return self._held.get(token or "")

    def release(self, token: str | None) -> None:
        """End a lease, if there is one of that token."""
        lease = self._held.pop(token or "", None)
        if lease is not None:
            self._on_end(lease)

    def hear(self, lease: Lease, acts: bool) -> None:
        """Note that a client is there, and whether its user is."""
        lease.seen_s = self.lifetimes.clock()
        if acts:
            lease.acted_s = lease.seen_s

    def remaining_s(self, lease: Lease) -> float:
        """Seconds until the lease ends if its user does nothing."""
        return max(0.0, lease.acted_s + self.lifetimes.idle_s - self.lifetimes.clock())

    @contextmanager
    def at_work(self, lease: Lease) -> Iterator[None]:
        """While it lasts the lease does not end; its lifetimes count from the end of the work."""
        lease.jobs += 1
        try:
            yield
        finally:
            lease.jobs -= 1
            self.hear(lease, acts=True)

    def sweep(self) -> None:
        """End every lease that has outlived a lifetime."""
        now = self.lifetimes.clock()
        for lease in list(self._held.values()):
            silent = now - lease.seen_s > self.lifetimes.liveness_s
            idle = now - lease.acted_s > self.lifetimes.idle_s
            if lease.jobs == 0 and (silent or idle):
                self.release(lease.token)
