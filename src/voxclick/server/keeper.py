"""Writing a session to the state folder whenever it changed, and never twice at once."""

import asyncio
from collections.abc import Callable

from voxclick.errors import OutputError


class Keeper:
    """Keeps one session. Use it from the event loop.

    Changes that come while it writes are written together afterwards.

    Args:
        write: Writes the session as it is; runs in a thread.
        failed: Called with the error when that was not possible.
    """

    def __init__(self, write: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        self._write = write
        self._failed = failed
        self._changed = False
        self._writing: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Say that the session has changed."""
        self._changed = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._written())

    async def finish(self) -> None:
        """Wait until all is written."""
        if self._writing is not None:
            await self._writing

    async def _written(self) -> None:
        while self._changed:
            self._changed = False
            try:
                await asyncio.to_thread(self._write)
            except OutputError as error:
                self._failed(error)
