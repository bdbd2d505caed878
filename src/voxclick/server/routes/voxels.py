"""What is large: the volume, the labels, and files to take away."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from voxclick import io
from voxclick.engine import Session
from voxclick.errors import UnknownNameError
from voxclick.server.routes.asking import OF_SESSION, TheSeat, failures
from voxclick.volume import LabelMap

router = APIRouter(prefix="/sessions/{session}")

Format = Literal["nii.gz", "nrrd", "seg.nrrd", "mha", "seg.dcm", "json"]
BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {**BINARY[200]["content"], "application/json": {"schema": {}}}}
}


@router.get(
    "/volume",
    response_class=Response,
    responses={**BINARY, **failures(*OF_SESSION, 422)},
)
async def volume(seat: TheSeat, step: Annotated[int, Query(ge=1, le=2)] = 1) -> Response:
    """The volume as little-endian int16, x fastest; step 2: every other voxel along each axis."""
    shape = seat.display.shape(step)
    x, y, z = shape
    headers = {"X-Shape": f"{x},{y},{z}", "Content-Length": str(2 * x * y * z)}
    return StreamingResponse(
        seat.display.chunks(step), headers=headers, media_type="application/octet-stream"
    )


@router.get("/labels", response_class=Response, responses={**BINARY, **failures(*OF_SESSION)})
async def labels(seat: TheSeat) -> Response:
    """All labels as one update, of the box that holds them."""
    message = await asyncio.to_thread(seat.labels)
    return Response(message, media_type="application/octet-stream")


@router.get(
    "/export",
    response_class=Response,
    responses={**EXPORTED, **failures(*OF_SESSION, 422, 507)},
)
async def export(
    seat: TheSeat,
    format: Annotated[Format, Query()],  # noqa: A002  (the name of the parameter on the wire)
    object: Annotated[int | None, Query(ge=1, le=65535)] = None,  # noqa: A002
) -> Response:
    """All objects, or one, as a file on the volume's own grid; `json` is the prompt log."""
    stem = seat.record.name.partition(".")[0] or "volume"
    async with seat.settled() as session:
        if format == "json":
            told = await asyncio.to_thread(lambda: json.dumps(session.log.to_json()))
            disposed = f'attachment; filename="{_ascii(stem)}_prompts.json"'
            return Response(told, 200, {"Content-Disposition": disposed}, "application/json")
        chosen = await asyncio.to_thread(_chosen, session, object)
    folder = tempfile.TemporaryDirectory(prefix="voxclick-")
    path = Path(folder.name) / f"labels.{format}"
    try:
        await asyncio.to_thread(io.write, chosen, path)
    except BaseException:
        folder.cleanup()
        raise
    name = f"{stem}_{'labels' if object is None else chosen.names[1]}.{format}"
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=name,
        background=BackgroundTask(folder.cleanup),
    )


def _chosen(session: Session, label: int | None) -> LabelMap:
    """All objects, or one as label 1."""
    whole = session.labelmap()
    if label is None:
        return whole
    if label not in whole.names:
        raise UnknownNameError(f"an object must be one of {sorted(whole.names)}, got {label}")
    name = whole.names[label]
    return LabelMap.of(session.mask(name), name)


def _ascii(name: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in name)
