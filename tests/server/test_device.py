import asyncio
import threading
import time

import pytest

from voxclick.server.device import Turns


def test_users_take_turns_and_each_users_work_keeps_its_order() -> None:
    done: list[str] = []

    async def scenario() -> None:
        turns = Turns()
        gate = threading.Event()
        first = asyncio.create_task(turns.run("a", gate.wait))
        await asyncio.sleep(0.02)
        queue = ["a1", "a2", "a3", "b1", "c1", "b2"]
        tasks = [asyncio.create_task(turns.run(n[0], lambda n=n: done.append(n))) for n in queue]
        await asyncio.sleep(0.02)
        assert turns.waiting == 6
        gate.set()
        await asyncio.gather(first, *tasks)
        assert turns.waiting == 0
        turns.close()

    asyncio.run(scenario())
    assert done == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_never_are_two_pieces_at_work_at_once() -> None:
    at_work: list[int] = [0, 0]

    def work() -> None:
        at_work[0] += 1
        at_work[1] = max(at_work)
        time.sleep(0.002)
        at_work[0] -= 1

    async def scenario() -> None:
        turns = Turns()
        await asyncio.gather(*(turns.run(f"user {n % 5}", work) for n in range(40)))
        turns.close()

    asyncio.run(scenario())
    assert at_work == [0, 1]


def test_a_waiting_piece_that_is_cancelled_is_never_begun() -> None:
    done: list[str] = []

    async def scenario() -> None:
        turns = Turns()
        gate = threading.Event()
        first = asyncio.create_task(turns.run("a", gate.wait))
        await asyncio.sleep(0.02)
        doomed = asyncio.create_task(turns.run("b", lambda: done.append("doomed")))
        after = asyncio.create_task(turns.run("b", lambda: done.append("after")))
        await asyncio.sleep(0.02)
        doomed.cancel()
        gate.set()
        await asyncio.gather(first, after)
        assert doomed.cancelled()
        turns.close()

    asyncio.run(scenario())
    assert done == ["after"]


def test_a_piece_that_is_cancelled_as_its_turn_comes_holds_up_nobody() -> None:
    async def scenario() -> str:
        turns = Turns()
        gate = threading.Event()
        first = asyncio.create_task(turns.run("a", gate.wait))
        await asyncio.sleep(0.02)
        doomed = asyncio.create_task(turns.run("b", lambda: "doomed"))
        after = asyncio.create_task(turns.run("c", lambda: "after"))
        await asyncio.sleep(0.02)
        gate.set()
        time.sleep(
            0.05
        )  # the loop stands still: the wake-up waits in it when the task is cancelled
        doomed.cancel()
        found = await asyncio.wait_for(after, 5)
        assert await first
        assert doomed.cancelled()
        turns.close()
        return found

    assert asyncio.run(scenario()) == "after"


def test_cancelled_work_ends_before_the_next_begins() -> None:
    events: list[str] = []

    def slow() -> None:
        time.sleep(0.05)
        events.append("slow ended")

    async def scenario() -> None:
        turns = Turns()
        first = asyncio.create_task(turns.run("a", slow))
        await asyncio.sleep(0.01)
        first.cancel()
        await turns.run("b", lambda: events.append("next began"))
        turns.close()

    asyncio.run(scenario())
    assert events == ["slow ended", "next began"]


def test_an_error_reaches_the_caller_and_the_next_one_works() -> None:
    async def scenario() -> int:
        turns = Turns()
        with pytest.raises(ZeroDivisionError):
            await turns.run("a", lambda: 1 // 0)
        found = await turns.run("a", lambda: 7)
        turns.close()
        return found

    assert asyncio.run(scenario()) == 7
