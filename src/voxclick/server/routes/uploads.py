"""Files from the user's machine."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from voxclick.server.routes.asking import TheDesk, failures
from voxclick.server.schemas import Taken, Upload, UploadAsked

router = APIRouter()


@router.post("/uploads", status_code=201, responses=failures(422, 503))
async def begin_upload(asked: UploadAsked, desk: TheDesk) -> Upload:
    """Begin an upload: one file, or the files of a DICOM folder."""
    return Upload(upload=desk.uploads.begin())


@router.put(
    "/uploads/{upload}/{file}",
    responses=failures(404, 408, 411, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def send_file(
    upload: Annotated[str, Path(description="Id of the upload.")],
    file: Annotated[str, Path(description="A plain file name, without folders.")],
    request: Request,
    desk: TheDesk,
) -> Taken:
    """Send one file of an upload, raw; its Content-Length is needed."""
    declared = request.headers.get("content-length", "")
    if not declared.isdigit():
        raise HTTPException(411, "an upload needs a Content-Length")
    try:
        return Taken(bytes=await desk.uploads.take(upload, file, int(declared), request.stream()))
    except ClientDisconnect:
        raise HTTPException(400, f"the connection ended before {declared} bytes came") from None
