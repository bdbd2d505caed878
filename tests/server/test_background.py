import asyncio

from voxclick.server.background import Background


def test_what_runs_is_stopped_and_waited_for() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def scenario() -> None:
        background = Background()
        task = background.start(work())
        await asyncio.sleep(0)
        await background.stop()
        assert task.cancelled()

    asyncio.run(scenario())
    assert ended == ["work"]


def test_what_has_ended_gave_its_result() -> None:
    async def work() -> int:
        return 7

    async def scenario() -> int:
        background = Background()
        found = await background.start(work())
        await background.stop()
        return found

    assert asyncio.run(scenario()) == 7
