"""From errors to answers: a status and one sentence, and nothing of the machine's inside."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from voxclick.errors import GridMismatchError, InputError, LogError, PromptError, VoxclickError
from voxclick.types import Json

log = logging.getLogger(__name__)

UNPROCESSABLE = (PromptError, GridMismatchError, LogError)
"""A well-formed request whose prompt does not fit the volume."""


class UnknownSessionError(InputError):
    """No session has that id."""

    http_status = 404


class GoneSessionError(InputError):
    """A session was deleted, or nobody used it for so long that it was."""

    http_status = 410


class LockedError(InputError):
    """A locked object cannot be changed."""

    http_status = 409


class ForbiddenSourceError(InputError):
    """A path that the user did not open."""

    http_status = 403


class FullError(VoxclickError):
    """All sessions that the server may hold are in use."""

    http_status = 503
    retry_after_s: ClassVar[int] = 30


class SeriesChoiceError(InputError):
    """A folder holds several series.

    Attributes:
        series: What to choose from.
    """

    http_status = 409

    def __init__(self, message: str, series: Sequence[Json]) -> None:
        super().__init__(message)
        self.series = list(series)


class StoppedEarly(Exception):  # noqa: N818  (no error: another prompt came)
    """The refinements of a prompt were ended by what came after it."""


def status_of(error: VoxclickError) -> int:
    """The HTTP status of an error."""
    return 422 if isinstance(error, UNPROCESSABLE) else error.http_status


def answer_of(error: BaseException) -> tuple[int, Json, dict[str, str]]:
    """Status, body and headers of the answer to any error."""
    if isinstance(error, SeriesChoiceError):
        return 409, {"detail": str(error), "series": error.series}, {}
    if isinstance(error, FullError):
        return 503, {"detail": str(error)}, {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, VoxclickError):
        return status_of(error), {"detail": " ".join(str(error).split())}, {}
    log.error("the server failed", exc_info=error)
    told = f"the server failed ({type(error).__name__}); its log says more"
    return 500, {"detail": told}, {}


def install(app: FastAPI) -> None:
    """Answer every error of an app in one form."""

    def failed(_: Request, error: Exception) -> JSONResponse:
        status, body, headers = answer_of(error)
        return JSONResponse(body, status, headers)

    def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        told = error.detail or HTTPStatus(error.status_code).phrase
        return JSONResponse({"detail": str(told)}, error.status_code, error.headers)

    def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return JSONResponse({"detail": _sentence(error.errors())}, 422)

    app.add_exception_handler(VoxclickError, failed)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, failed)


def _sentence(errors: Sequence[Any]) -> str:
    """What is wrong with a request, by the first place that is."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    what = str(first["msg"])
    told = what[:1].lower() + what[1:]
    if first["type"] == "json_invalid":
        return "the body of the request must be JSON; it cannot be read"
    return f"{place}: {told}" if place else f"the body of the request is not right: {told}"
