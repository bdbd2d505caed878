"""Objects: new, changed, deleted."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from voxclick.server.routes.asking import OF_SESSION, TheLabel, TheSeat, failures
from voxclick.server.schemas import Answer, Object, ObjectAsked, ObjectChange

router = APIRouter(prefix="/sessions/{session}/objects")


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
