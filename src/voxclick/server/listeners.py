"""Who watches a session: open sockets, each with a bounded queue."""

import asyncio
import json

from voxclick.types import Json

DEEPEST = 256
"""Messages that a socket may lag behind; then it is closed, and the page starts afresh."""

Message = str | bytes


class Listener:
    """One socket's queue; `None` in it is the end."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Message | None] = asyncio.Queue()

    def put(self, message: Message) -> bool:
        """Queue a message; False where too many wait."""
        if self.queue.qsize() >= DEEPEST:
            return False
        self.queue.put_nowait(message)
        return True


class Listeners:
    """All sockets of a session. Use it from the event loop."""

    def __init__(self) -> None:
        self._all: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._all)

    def join(self) -> Listener:
        """A new listener, to which all later messages go."""
        listener = Listener()
        self._all.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Send it nothing more."""
        self._all.discard(listener)

    def tell(self, message: Json | bytes) -> None:
        """Send a message to all: JSON as text, bytes as they are."""
        sent = message if isinstance(message, bytes) else as_text(message)
        for listener in list(self._all):
            if not listener.put(sent):
                self._dismiss(listener)

    def close(self) -> None:
        """Dismiss all."""
        for listener in list(self._all):
            self._dismiss(listener)

    def _dismiss(self, listener: Listener) -> None:
        self.leave(listener)
        listener.queue.put_nowait(None)


def as_text(message: Json) -> str:
    """A message as JSON text without blanks."""
    return json.dumps(message, separators=(",", ":"))
