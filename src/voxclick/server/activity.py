"""What a session is at, told to whoever watches it."""

from collections.abc import Iterator
from contextlib import contextmanager

from voxclick.server.listeners import Listeners


class Activity:
    """The work that goes on in one session, or waits for its turn. Use it from the event loop.

    Args:
        listeners: Who is told.
    """

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._works: list[str] = []

    @property
    def busy(self) -> bool:
        """Whether any goes on."""
        return bool(self._works)

    @contextmanager
    def at(self, what: str, waiting: int) -> Iterator[None]:
        """Say that work goes on while the block runs.

        Args:
            what: `predicting`, `refining`, `replaying` or `suggesting`.
            waiting: How many pieces are before it, or left of it.
        """
        self._works.append(what)
        self._listeners.tell({"type": "busy", "busy": True, "what": what, "waiting": waiting})
        try:
            yield
        finally:
            self._works.remove(what)
            if not self._works:
                self._listeners.tell({"type": "busy", "busy": False})
