"""Sessions: open, look, change the model, end."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from voxclick.server.routes.asking import OF_SESSION, TheDesk, TheSeat, TheUser, failures
from voxclick.server.schemas import Choice, ModelAsked, SessionAsked, SessionRow, State

router = APIRouter()


@router.get("/sessions", responses=failures())
async def list_sessions(desk: TheDesk, user: TheUser) -> list[SessionRow]:
    """Sessions to go on with: those of this browser, and those opened at the machine."""
    return [SessionRow(**row) for row in await asyncio.to_thread(desk.rows, user)]


@router.post(
    "/sessions",
    status_code=201,
    response_model=State,
    responses={**failures(404, 422, 503), 409: {"model": Choice}},
)
async def open_session(asked: SessionAsked, desk: TheDesk, user: TheUser) -> Response:
    """Open `sample`, `upload:<id>`, or a path that was opened at the machine itself."""
    seat = await desk.open(asked.source, asked.series, asked.model, user)
    return JSONResponse(seat.state(), 201)


@router.get("/sessions/{session}", response_model=State, responses=failures(*OF_SESSION))
async def session_state(seat: TheSeat) -> Response:
    """Everything about a session but its voxels."""
    return JSONResponse(seat.state())


@router.delete("/sessions/{session}", status_code=204, responses=failures(*OF_SESSION))
async def end_session(session: str, desk: TheDesk) -> None:
    """End a session, and delete what was kept and uploaded for it."""
    await desk.delete(session)


@router.put("/sessions/{session}/model", response_model=State, responses=failures(*OF_SESSION, 422))
async def set_model(seat: TheSeat, asked: ModelAsked, request: Request) -> Response:
    """Answer every prompt anew with another model."""
    segmenters: Any = request.app.state.segmenters
    segmenter = await asyncio.to_thread(segmenters.get, asked.name)
    return JSONResponse(await seat.set_model(asked.name, segmenter))
