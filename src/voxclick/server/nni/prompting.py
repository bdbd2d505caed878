"""Endpoints about an image and the object in it."""

import asyncio
import json
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response

from voxclick import wire
from voxclick.errors import InputError, TooLargeError
from voxclick.prompts import BoxPrompt, Lasso, Point, Prompt, Scribble
from voxclick.server.nni import drawing
from voxclick.server.nni.asked import META_HEADER, Acting, AtDesk, beside, sent_array
from voxclick.server.nni.desk import Desk
from voxclick.server.nni.lease import Lease
from voxclick.server.nni.schemas import (
    Autozoom,
    BoxPrompted,
    DrawingPrompted,
    ImageSent,
    MaskPrompted,
    PointPrompted,
    Prediction,
    Prompted,
    TargetDeclared,
)
from voxclick.server.nni.sitting import Answer
from voxclick.types import Array

BINARY = "application/octet-stream"
TAKES_ARRAY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }
}
router = APIRouter()


@router.post("/set_image", openapi_extra=TAKES_ARRAY)
async def set_image(
    request: Request,
    desk: AtDesk,
    lease: Acting,
    sent: Annotated[ImageSent, Depends(beside(ImageSent))],
) -> dict[str, list[int]]:
    """Take the image to work on."""
    image = await sent_array(request, desk, lease)
    spacing_mm = sent.image_properties.spacing
    await desk.work(lease, partial(lease.sitting.set_image, image, spacing_mm))
    return {"original_image_shape": list(image.shape)}


@router.post("/set_target_buffer")
async def set_target_buffer(
    desk: AtDesk, lease: Acting, declared: TargetDeclared
) -> dict[str, str]:
    """Begin a new object in a buffer of the client's."""
    if declared.dtype not in wire.TYPES:
        raise InputError(f"a target buffer needs whole numbers or bool, got {declared.dtype!r}")
    dtype = np.dtype(declared.dtype)
    i, j, k = declared.shape
    if i * j * k * dtype.itemsize > desk.max_bytes:
        raise TooLargeError(
            f"a target buffer may measure at most {desk.max_bytes} bytes, got the shape "
            f"{list(declared.shape)} of {dtype}; crop the image"
        )
    await desk.work(lease, partial(lease.sitting.set_target, declared.shape, dtype))
    return {}


@router.post("/set_do_autozoom")
async def set_do_autozoom(desk: AtDesk, lease: Acting, asked: Autozoom) -> dict[str, str]:
    """Choose whether to look wider where an object outgrows the view."""
    await desk.work(lease, partial(lease.sitting.set_autozoom, asked.do_autozoom))
    return {}


@router.post("/reset_interactions")
async def reset_interactions(desk: AtDesk, lease: Acting) -> dict[str, str]:
    """Begin a new object in the same buffer."""
    await desk.work(lease, lease.sitting.reset)
    return {}


@router.post("/add_point_interaction")
async def add_point(desk: AtDesk, lease: Acting, asked: PointPrompted) -> Response:
    """Add a click."""
    return await _added(desk, lease, Point(asked.coordinates, asked.include_interaction), asked)


@router.post("/add_bbox_interaction")
async def add_box(desk: AtDesk, lease: Acting, asked: BoxPrompted) -> Response:
    """Add a box, in 3D or on a slice."""
    (i, i_stop), (j, j_stop), (k, k_stop) = asked.bbox_coords
    box = BoxPrompt((i, j, k), (i_stop, j_stop, k_stop), asked.include_interaction)
    return await _added(desk, lease, box, asked)


Drawn = Annotated[DrawingPrompted, Depends(beside(DrawingPrompted))]


@router.post("/add_scribble_interaction", openapi_extra=TAKES_ARRAY)
async def add_scribble(request: Request, desk: AtDesk, lease: Acting, asked: Drawn) -> Response:
    """Add the voxels that a brush went over."""
    mask = await sent_array(request, desk, lease)
    prompt = await desk.work(lease, partial(_scribble, lease, mask, asked))
    return await _added(desk, lease, prompt, asked)


@router.post("/add_lasso_interaction", openapi_extra=TAKES_ARRAY)
async def add_lasso(request: Request, desk: AtDesk, lease: Acting, asked: Drawn) -> Response:
    """Add a closed line on one slice."""
    mask = await sent_array(request, desk, lease)
    prompt = await desk.work(lease, partial(_lasso, lease, mask, asked))
    return await _added(desk, lease, prompt, asked)


@router.post("/add_initial_seg_interaction", openapi_extra=TAKES_ARRAY)
async def add_initial_seg(
    request: Request,
    desk: AtDesk,
    lease: Acting,
    asked: Annotated[MaskPrompted, Depends(beside(MaskPrompted))],
) -> Response:
    """Begin a new object with a mask of it."""
    mask = await sent_array(request, desk, lease)
    start = partial(lease.sitting.start_from, mask, asked.run_prediction)
    return await _told(await desk.work(lease, start))


@router.post("/predict")
async def predict(desk: AtDesk, lease: Acting, _: Prediction) -> Response:
    """Answer the prompts that were told to wait."""
    return await _told(await desk.predict(lease, lease.sitting.predict))


@router.post("/undo")
async def undo(desk: AtDesk, lease: Acting) -> Response:
    """Take the newest prompt back."""
    return await _told(await desk.work(lease, lease.sitting.undo))


async def _added(desk: Desk, lease: Lease, prompt: Prompt, asked: Prompted) -> Response:
    do = desk.predict if asked.run_prediction else desk.work
    return await _told(await do(lease, partial(lease.sitting.add, prompt, asked.run_prediction)))


def _scribble(lease: Lease, mask: Array, asked: DrawingPrompted) -> Scribble:
    start = lease.sitting.start_of(mask, asked.interaction_bbox)
    return drawing.scribble(mask != 0, start, asked.include_interaction)


def _lasso(lease: Lease, mask: Array, asked: DrawingPrompted) -> Lasso:
    start = lease.sitting.start_of(mask, asked.interaction_bbox)
    return drawing.lasso(mask != 0, start, asked.include_interaction)


async def _told(answer: Answer) -> Response:
    """The part of the buffer that changed, and what it is, as a client pastes it."""
    values = answer.values
    bbox = list(zip(answer.box.start, answer.box.stop, strict=True))
    meta = {
        "ran_prediction": answer.ran,
        "bbox": None if values is None else bbox,
        "dtype": None if values is None else values.dtype.name,
        "shape": None if values is None else list(values.shape),
    }
    body = b"" if values is None else await asyncio.to_thread(wire.encode, values)
    told = json.dumps(meta, separators=(",", ":"))
    return Response(body, media_type=BINARY, headers={META_HEADER: told})
