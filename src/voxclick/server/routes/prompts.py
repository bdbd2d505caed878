"""Prompts: add, take out, undo, redo, stop."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from voxclick.server.routes.asking import OF_SESSION, TheLabel, TheSeat, failures
from voxclick.server.schemas import Answer, PromptAsked, StepAsked

router = APIRouter(prefix="/sessions/{session}")


@router.post("/prompts", response_model=Answer, responses=failures(*OF_SESSION, 409, 422))
async def add_prompt(
    seat: TheSeat,
    prompt: PromptAsked,
    refinements: Annotated[
        int | None, Query(ge=0, description="At most so many finer looks; all if left out.")
    ] = None,
    wait: Annotated[
        bool, Query(description="Answer after the last finer look, for all together.")
    ] = False,
) -> Response:
    """Add a prompt; answers after the first look, finer ones come over the socket."""
    fields = prompt.model_dump(exclude={"object"}, exclude_none=True)
    return JSONResponse(await seat.prompt(fields, prompt.object, refinements, wait))


@router.delete(
    "/objects/{label}/prompts/{place}",
    response_model=Answer,
    responses=failures(*OF_SESSION, 409, 422),
)
async def remove_prompt(
    seat: TheSeat,
    label: TheLabel,
    place: Annotated[int, Path(description="Which prompt of the object, from 0.", ge=0)],
) -> Response:
    """Take one prompt out, as if it had never been given."""
    return JSONResponse(await seat.remove(label, place))


@router.post("/undo", response_model=Answer, responses=failures(*OF_SESSION, 409, 422))
async def undo(seat: TheSeat, asked: StepAsked | None = None) -> Response:
    """Take back the newest prompt of an object, the current one when none is named."""
    return JSONResponse(await seat.step_back(asked.object if asked else None, forth=False))


@router.post("/redo", response_model=Answer, responses=failures(*OF_SESSION, 409, 422))
async def redo(seat: TheSeat, asked: StepAsked | None = None) -> Response:
    """Do again what was undone last."""
    return JSONResponse(await seat.step_back(asked.object if asked else None, forth=True))


@router.post("/cancel", status_code=204, responses=failures(*OF_SESSION))
async def cancel(seat: TheSeat) -> None:
    """End the refinements that still run."""
    seat.cancel()
