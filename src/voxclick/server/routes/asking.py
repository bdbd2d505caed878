"""What endpoints ask of a request: the desk, the user, the session that its path names."""

from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from voxclick.server.desk import Desk
from voxclick.server.schemas import Failed
from voxclick.server.seat import Seat


def desk_of(connection: HTTPConnection) -> Desk:
    """The server's desk."""
    desk: Desk = connection.app.state.desk
    return desk


def user_of(connection: HTTPConnection) -> str:
    """Who asks; the gate has seen the key."""
    user: str = connection.state.user
    return user


async def seat_of(
    session: Annotated[str, Path(description="Id of the session.")], connection: HTTPConnection
) -> Seat:
    """The session that the path names."""
    return await desk_of(connection).seat(session)


TheDesk = Annotated[Desk, Depends(desk_of)]
TheUser = Annotated[str, Depends(user_of)]
TheSeat = Annotated[Seat, Depends(seat_of)]
TheLabel = Annotated[int, Path(description="Label of the object.", ge=1, le=65535)]


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the errors that an endpoint answers with, besides those of all."""
    return {status: {"model": Failed} for status in (400, 401, 403, 413, *statuses)}


OF_SESSION = (404, 410, 503)
"""What any session may answer: there is none, it was deleted, no room to restore it."""
