"""The door of the protocol: the key first, and no body larger than its endpoint takes."""

import hmac

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = "/healthz"
"""The one endpoint that asks for no key."""

WITH_ARRAYS = frozenset(
    {
        "/set_image",
        "/add_scribble_interaction",
        "/add_lasso_interaction",
        "/add_initial_seg_interaction",
    }
)
"""The endpoints whose bodies are arrays."""

SMALL_BYTES = 1 << 16
"""The largest body of every other endpoint."""

OVERHEAD = 1.01
"""A packed array that cannot be made smaller is larger than the array, by less than this."""


class Gate:
    """Lets in who has the key, with a body of the right size.

    Args:
        app: What lies behind.
        api_key: What `Authorization: Bearer` must carry; None asks for nothing.
        max_bytes: What an array may measure, unpacked.
    """

    def __init__(self, app: ASGIApp, api_key: str | None, max_bytes: int) -> None:
        self._app = app
        self._api_key = api_key
        self._array_bytes = int(max_bytes * OVERHEAD) + SMALL_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the app where a request must not come in, else hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers = {name.lower(): value for name, value in scope["headers"]}
        most = self._array_bytes if path in WITH_ARRAYS else SMALL_BYTES
        if path != OPEN and not self._has_key(headers.get(b"authorization", b"")):
            refused = _told(401, "this server needs its key as Authorization: Bearer KEY")
            refused.headers["WWW-Authenticate"] = "Bearer"
            await refused(scope, receive, send)
        elif _length(headers.get(b"content-length", b"")) > most:
            await _told(413, _too_large(most))(scope, receive, send)
        else:
            await self._app(scope, _Counted(receive, most), send)

    def _has_key(self, shown: bytes) -> bool:
        if self._api_key is None:
            return True
        scheme, _, key = shown.partition(b" ")
        same = hmac.compare_digest(key.strip(), self._api_key.encode("utf-8"))
        return same and scheme.lower() == b"bearer"


class _Counted:
    """A body that raises once it is larger than it may be, whatever its head declared."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, _too_large(self._most))
        return message


def _length(declared: bytes) -> int:
    # the web server has checked that it is a number
    return int(declared) if declared.isdigit() else 0


def _too_large(most: int) -> str:
    return f"a body for this endpoint may measure at most {most} bytes, got more; send less"


def _told(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
