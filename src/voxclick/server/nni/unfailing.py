"""An answer for what nobody foresaw, on a connection that stays open."""

import logging

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)


class Unfailing:
    """Answers 500 where the app fails, and tells the log why.

    An exception that reaches the web server ends the connection, and with it the next request of
    a client that keeps connections open.

    Args:
        app: What may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; an answer that was begun cannot be mended, and fails as it does."""
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except Exception:
            if begun:
                raise
            logger.exception("%s failed", scope["path"])
            told = JSONResponse({"detail": "the server failed at this; its log says why"}, 500)
            await told(scope, receive, send)
