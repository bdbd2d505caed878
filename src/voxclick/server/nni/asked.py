"""What an endpoint needs of a request: the lease that it shows, what stands beside an array, it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from voxclick import wire
from voxclick.server.nni.desk import Desk
from voxclick.server.nni.lease import Lease
from voxclick.types import Array

M = TypeVar("M", bound=BaseModel)

LEASE_HEADER = "X-Lease-Token"
META_HEADER = "X-Meta"


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


# all of these are coroutines: FastAPI runs plain functions in threads, and leases know one loop
AtDesk = Annotated[Desk, Depends(_desk)]
Token = Annotated[str | None, Header(alias=LEASE_HEADER)]


async def _held(desk: AtDesk, token: Token = None) -> Lease:
    return desk.find(token)


async def _heard(desk: AtDesk, lease: Annotated[Lease, Depends(_held)]) -> Lease:
    desk.leases.hear(lease, acts=False)
    return lease


async def _acting(desk: AtDesk, lease: Annotated[Lease, Depends(_held)]) -> Lease:
    desk.leases.hear(lease, acts=True)
    return lease


Held = Annotated[Lease, Depends(_held)]
"""A lease that the request only asks about."""

Heard = Annotated[Lease, Depends(_heard)]
"""A lease whose client shows that it is there."""

Acting = Annotated[Lease, Depends(_acting)]
"""A lease whose user does something."""


def beside(model: type[M]) -> Callable[[str], Awaitable[M]]:
    """A dependency that reads the JSON that stands in a header beside an array."""

    async def read(meta: Annotated[str, Header(alias=META_HEADER)] = "{}") -> M:
        try:
            return model.model_validate_json(meta)
        except ValidationError as error:
            raise RequestValidationError(
                [{**each, "loc": (META_HEADER, *each["loc"])} for each in error.errors()]
            ) from None

    return read


async def sent_array(request: Request, desk: Desk, lease: Lease) -> Array:
    """The array in the body, unpacked off the event loop; a slow upload keeps its lease.

    Raises:
        HTTPException: 410 if the lease ends meanwhile, 413 if the body is too large.
        InputError: If it holds no array, or one that is too large.
    """
    body = bytearray()
    async for chunk in request.stream():
        desk.leases.hear(desk.find(lease.token), acts=True)
        body += chunk
    return await desk.work(lease, partial(wire.decode, body, desk.max_bytes))
