"""The server's application: the API, the viewer, and nnInteractive's protocol behind one gate."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from voxclick import __version__
from voxclick.server import failures
from voxclick.server.desk import Desk
from voxclick.server.device import Turns
from voxclick.server.nni.app import create_nni_app
from voxclick.server.routes import (
    events,
    general,
    objects,
    page,
    prompts,
    sessions,
    uploads,
    voxels,
)
from voxclick.server.security import Gate, Keys
from voxclick.server.segmenters import Segmenters
from voxclick.server.settings import Settings
from voxclick.server.state import StateFolder

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
TIDYING_S = 30.0
NNI_BYTES = 2 << 30


def create_app(settings: Settings) -> FastAPI:
    """The application, to be run by any ASGI server.

    Raises:
        OutputError: If the state folder cannot be written.
        UnknownNameError: If there is no such model.
    """
    folder = StateFolder(settings.state_dir)
    keys = Keys(folder.secret, settings.api_key)
    turns = Turns()
    segmenters = Segmenters(settings.model, settings.device)
    desk = Desk(settings, folder, turns, segmenters)
    nni = create_nni_app(segmenters.get, turns, settings.api_key, settings.max_sessions, NNI_BYTES)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with nni.router.lifespan_context(nni):
            tidying = asyncio.create_task(_tidy(desk))
            yield
            tidying.cancel()
            await desk.close()
            turns.close()

    app = FastAPI(
        title="voxclick",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
    )
    app.state.desk, app.state.keys, app.state.segmenters = desk, keys, segmenters
    api = APIRouter(prefix=PREFIX)
    for module in (general, uploads, sessions, prompts, objects, voxels, events):
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(page.router)
    failures.install(app)
    app.mount("/nni", nni)
    app.mount("/", StaticFiles(directory=page.STATIC))
    app.add_middleware(Gate, keys=keys, settings=settings)
    return app


async def _tidy(desk: Desk) -> None:
    while True:
        await asyncio.sleep(TIDYING_S)
        try:
            await desk.tidy()
        except OSError as error:
            log.warning("the state folder could not be tidied: %s", error)
