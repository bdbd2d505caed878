"""Who may come in: the right key, the right Host, the right Origin, and no more than was said.

The server often runs beside a browser that visits other pages. These must not reach it: a foreign
`Origin` is another page's script, a foreign `Host` a name rebound to this machine.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import socket
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from voxclick.server.settings import Settings, is_loopback

COOKIE = "voxclick"
API = "/api/"
OPEN = frozenset({"/api/v1/health"})
UPLOADS = "/api/v1/uploads/"

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Keys:
    """The secrets of one server.

    Attributes:
        secret: Random bytes that stay the same over restarts.
        api_key: What the users were told; None: the token, which is made from the secret.
    """

    secret: bytes
    api_key: str | None = None

    @property
    def token(self) -> str:
        """What opens the server, in the page's address or as a Bearer key."""
        return self.api_key if self.api_key is not None else self._sign("token")

    def opens(self, key: str) -> bool:
        """Whether a key is the right one, in constant time."""
        return hmac.compare_digest(key.encode(), self.token.encode())

    def cookie(self, browser: str | None = None) -> str:
        """A cookie for a browser, a new one when None."""
        name = secrets.token_hex(8) if browser is None else browser
        return f"{name}.{self._sign(f'cookie {name} {self.token}')}"

    def browser(self, cookie: str) -> str | None:
        """The browser that a cookie was made for; None for one that was not made here."""
        name, _, _ = cookie.partition(".")
        right = hmac.compare_digest(cookie.encode(), self.cookie(name).encode())
        return name if name and right else None

    def user(self, headers: Headers) -> str | None:
        """Who makes a request: a browser's name, `key` for a Bearer key, None for a stranger."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return "key" if self.opens(key.strip()) else None
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        return self.browser(cookies[COOKIE].value) if COOKIE in cookies else None

    def _sign(self, text: str) -> str:
        signed = hmac.new(self.secret, text.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(signed).decode().rstrip("=")


class Gate:
    """The door of the server: every request passes it, those to `/nni` too.

    Refuses foreign hosts and origins (403), strangers (401) and bodies that are too large (413)
    or stall (408), and gives every answer the headers that keep a browser careful.

    Args:
        app: What is behind it.
        keys: The secrets.
        settings: Of the server.
    """

    def __init__(self, app: ASGIApp, keys: Keys, settings: Settings) -> None:
        self._app = app
        self._keys = keys
        self._settings = settings
        machine = {socket.gethostname().lower(), socket.getfqdn().lower()}
        named = {settings.host.lower(), *(name.lower() for name in settings.names)}
        self._names = named if settings.loopback else named | machine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        own = scope["path"].startswith(API) and not scope["path"].startswith(UPLOADS)
        limit = self._settings.limits.body_bytes if own else None
        seconds = self._settings.limits.body_seconds
        await self._app(scope, _bounded(receive, limit, seconds), _careful(scope, send))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Status and sentence for a request that must not come in."""
        host = headers.get("host", "")
        if not self._is_own(host):
            return 403, "this server does not go by the name in the Host header"
        origin = headers.get("origin")
        if origin is not None and _netloc(origin) != _without_port(host, origin):
            return 403, "requests from pages of other servers are refused"
        path: str = scope["path"]
        if path.startswith(API) and path not in OPEN:
            user = self._keys.user(headers)
            if user is None:
                return 401, "the right key is needed; open the address that voxclick printed"
            scope.setdefault("state", {})["user"] = user
            declared = headers.get("content-length", "0")
            limit = self._settings.limits.body_bytes
            if not path.startswith(UPLOADS) and declared.isdigit() and int(declared) > limit:
                return 413, f"a request may have {limit} bytes, this one declares {declared}"
        return None

    def _is_own(self, host: str) -> bool:
        name = _name(host)
        if is_loopback(name):
            return True
        if name in self._names:
            return True
        if self._settings.loopback:
            return False
        try:  # an address cannot be rebound
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _name(host: str) -> str:
    """A Host header without its port, in small letters."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _netloc(origin: str) -> str:
    scheme, _, rest = origin.partition("://")
    return _without_port(rest, origin) if rest and scheme in ("http", "https") else "null"


def _without_port(netloc: str, origin: str) -> str:
    """A host and port, the port left out where it is the scheme's own."""
    usual = ":443" if origin.startswith("https:") else ":80"
    return netloc.lower().removesuffix(usual)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, told: str) -> None:
    response = JSONResponse({"detail": told}, status)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, _careful(scope, send))


def _bounded(receive: Receive, limit: int | None, seconds: float) -> Receive:
    """A body that is cut off beyond its limit, and given up when it stalls."""
    taken, over = 0, False

    async def bounded() -> Message:
        nonlocal taken, over
        if over:  # the body is complete: this waits for the end of the connection
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            raise HTTPException(408, "the body of the request stalled") from None
        over = message["type"] != "http.request" or not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if limit is not None and taken > limit:
            raise HTTPException(413, f"a request may have {limit} bytes, this one has more")
        return message

    return bounded


def _careful(scope: Scope, send: Send) -> Send:
    async def careful(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            fresh = "no-store" if scope["path"].startswith(API) else "no-cache"
            headers.setdefault("Cache-Control", fresh)
        await send(message)

    return careful
