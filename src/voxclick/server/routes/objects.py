"""Objects: new, changed, deleted."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from voxclick.server.routes.asking import OF_SESSION, TheLabel, TheSeat, failures
from voxclick.server.schemas import (
    Answer,
    Object,
    ObjectAsked,
    ObjectChange,
    Place,
    Space,
    Suggestion,
)

router = APIRouter(prefix="/sessions/{session}/objects")

MOST_SEEN = 1000
"""Places in one address; a longer one is cut off before it gets here."""


@router.post("", status_code=201, response_model=Object, responses=failures(*OF_SESSION, 422))
async def open_object(seat: TheSeat, asked: ObjectAsked) -> Response:
    """A new object, which becomes the current one."""
    return JSONResponse(await seat.open_object(asked.name), 201)


@router.patch("/{label}", response_model=Object, responses=failures(*OF_SESSION, 422))
async def change_object(seat: TheSeat, label: TheLabel, asked: ObjectChange) -> Response:
    """Rename, recolour, lock, hide or choose an object."""
    return JSONResponse(await seat.change_object(label, asked.model_dump(exclude_none=True)))


@router.delete("/{label}", response_model=Answer, responses=failures(*OF_SESSION, 409, 422))
async def drop_object(seat: TheSeat, label: TheLabel) -> Response:
    """Delete an object with its prompts."""
    return JSONResponse(await seat.drop(label))


@router.get(
    "/{label}/suggestion",
    response_model=Suggestion | None,
    responses=failures(*OF_SESSION, 422),
)
async def suggest(
    seat: TheSeat,
    label: TheLabel,
    seen: Annotated[
        list[Place],
        Query(
            max_length=MOST_SEEN,
            description="Each a place, as `1,2,3`, that was looked at since the last prompt, "
            "and was right.",
        ),
    ] = [],  # noqa: B006  (FastAPI copies it)
    space: Annotated[Space, Query(description="Where their coordinates live.")] = "voxel",
) -> Response:
    """Where to look next: the mask may well be wrong there. Null where there is no such place."""
    places = [[float(number) for number in place.split(",")] for place in seen]
    known = [seat.orientation.native_index(place, space) for place in places]
    return JSONResponse(await seat.suggest(label, known))
