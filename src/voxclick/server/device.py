"""Turns at the device: one piece of work at a time, the users one after another."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Work for one device, done one piece at a time in a thread of its own.

    Who waits is served in turn: one piece of each user, round and round, and each user's own in
    the order it came. A user with twenty pieces keeps nobody waiting for more than one of them.

    Use it from one event loop.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voxclick-device")
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._busy = False

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for their turn; the one at work is not among them.

        May be asked from any thread, so that work can hurry where others wait.
        """
        return sum(len(queue) for queue in list(self._queues.values()))

    async def run(self, who: str, work: Callable[[], T]) -> T:
        """Do a piece of work when its turn comes, and give what it returned.

        Cancelled while it waits, it is never begun. Cancelled while it is at work, the work goes
        on to its end (a thread cannot be stopped), and only then is it the next one's turn.

        Args:
            who: The user that it is for.
            work: It; runs in the device's thread.

        Raises:
            BaseException: Whatever the work raised.
        """
        await self._turn(who)
        loop = asyncio.get_running_loop()
        try:
            running = self._thread.submit(work)
        except BaseException:
            self._next()
            raise
        running.add_done_callback(lambda _: _wake(loop, self._next))
        return await asyncio.shield(_awaitable(running))

    def close(self) -> None:
        """Take no more work; what is at work is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, who: str) -> None:
        if not self._busy:
            self._busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(who, deque())
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()  # it had just been called up
            elif turn in queue:
                queue.remove(turn)
                if not queue and self._queues.get(who) is queue:
                    del self._queues[who]
            raise

    def _next(self) -> None:
        """Call up the first of the user whose turn it is; that user goes to the end of the row."""
        while self._queues:
            who, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._queues[who] = queue
            if not turn.cancelled():  # one that is being cancelled has not left the row yet
                turn.set_result(None)
                return
        self._busy = False


def _awaitable(running: Future[T]) -> asyncio.Future[T]:
    """The thread's future on this loop; a result that nobody waits for any more is no error."""
    future = asyncio.wrap_future(running)
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


def _wake(loop: asyncio.AbstractEventLoop, step: Callable[[], Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(step)
