"""The application of the protocol, to be mounted in a server."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from voxclick.errors import VoxclickError
from voxclick.models.base import Segmenter
from voxclick.server.device import Turns
from voxclick.server.nni import leasing, prompting
from voxclick.server.nni.desk import Desk
from voxclick.server.nni.gate import Gate
from voxclick.server.nni.lease import Lifetimes
from voxclick.server.nni.unfailing import Unfailing

logger = logging.getLogger(__name__)


def create_nni_app(
    model: Callable[[], Segmenter],
    turns: Turns,
    api_key: str | None,
    max_sessions: int,
    max_bytes: int,
    lifetimes: Lifetimes | None = None,
) -> FastAPI:
    """NnInteractive's remote protocol (2.6) before any model.

    Args:
        model: Gives the model that answers, loading it at first; called from several threads.
        turns: At the model's device, shared with whoever else uses it.
        api_key: What clients must show; None for a server that is open to all who reach it.
        max_sessions: Clients that may work at a time.
        max_bytes: What an image, a mask or a target buffer may measure, unpacked.
        lifetimes: When the lease of a client ends by itself; those of nnInteractive when None.
    """
    app = FastAPI(title="voxclick for nnInteractive's clients", docs_url=None, redoc_url=None)
    app.state.desk = Desk(model, turns, max_sessions, max_bytes, lifetimes or Lifetimes())
    app.include_router(leasing.router)
    app.include_router(prompting.router)
    app.add_exception_handler(VoxclickError, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_middleware(Unfailing)
    app.add_middleware(Gate, api_key=api_key, max_bytes=max_bytes)
    return app


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VoxclickError)
    return JSONResponse({"detail": str(error)}, error.http_status)


def _misunderstood(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": _sentence(error.errors())}, 400)


def _left(request: Request, _: Exception) -> JSONResponse:
    logger.info("a client left in the middle of %s", request.url.path)
    return JSONResponse({"detail": "the body was cut off"}, 400)


def _sentence(errors: Sequence[Any]) -> str:
    """The first of pydantic's complaints, in words."""
    where = ".".join(str(part) for part in errors[0]["loc"])
    return f"{where} of the request cannot be taken: {errors[0]['msg']}"
