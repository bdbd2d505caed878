"""The socket: what happens in a session, as it happens."""

import asyncio
import contextlib

from fastapi import APIRouter, WebSocket
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from voxclick.errors import VoxclickError
from voxclick.server.failures import answer_of
from voxclick.server.listeners import Listener, as_text
from voxclick.server.routes.asking import desk_of

router = APIRouter()

FELL_BEHIND = 1013


@router.websocket("/sessions/{session}/events")
async def events(socket: WebSocket, session: str) -> None:
    """The session's state at once, then every update; what the page sends is not read."""
    try:
        seat = await desk_of(socket).seat(session)
    except VoxclickError as error:
        status, body, headers = answer_of(error)
        await socket.send_denial_response(JSONResponse(body, status, headers))
        return
    await socket.accept()
    listener = seat.listeners.join()
    try:
        await socket.send_text(as_text({"type": "state", "state": seat.progress()}))
        sending = asyncio.ensure_future(_send(socket, listener))
        leaving = asyncio.ensure_future(_left(socket))
        _, late = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
    except WebSocketDisconnect:
        pass
    finally:
        seat.listeners.leave(listener)


async def _send(socket: WebSocket, listener: Listener) -> None:
    """Send what the listener is told, until it is dismissed."""
    while (message := await listener.queue.get()) is not None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_text(message)
    with contextlib.suppress(RuntimeError):
        await socket.close(FELL_BEHIND)


async def _left(socket: WebSocket) -> None:
    """Wait until the page is gone."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
