"""All sessions of a server: opened, found again, put away when idle, deleted when forgotten."""

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from voxclick import io
from voxclick.engine.cache import EmbeddingCache
from voxclick.errors import InputError, OptionError, TooLargeError, VoxclickError
from voxclick.models.base import Segmenter
from voxclick.server.declared import declared_voxels
from voxclick.server.device import Turns
from voxclick.server.failures import (
    ForbiddenSourceError,
    FullError,
    GoneSessionError,
    SeriesChoiceError,
    UnknownSessionError,
)
from voxclick.server.machine import Machine
from voxclick.server.seat import Seat
from voxclick.server.segmenters import Segmenters
from voxclick.server.settings import Settings
from voxclick.server.state import SAMPLE, Record, StateFolder, new_id
from voxclick.server.uploads import Uploads
from voxclick.types import Json
from voxclick.volume import Volume

T = TypeVar("T")

UPLOAD = "upload:"
REMEMBERED = 1000
"""Ids of deleted sessions that are still told from unknown ones."""


class Desk:
    """Every session, in memory or in the state folder. Use it from the event loop.

    Args:
        settings: Of the server.
        folder: The state folder.
        turns: At the device.
        segmenters: The models.
    """

    def __init__(
        self, settings: Settings, folder: StateFolder, turns: Turns, segmenters: Segmenters
    ) -> None:
        limits = settings.limits
        self.uploads = Uploads(folder, limits)
        self._settings = settings
        self._folder = folder
        self._segmenters = segmenters
        cache = EmbeddingCache(limits.cache_bytes)
        self._machine = Machine(turns, cache, folder, limits.objects)
        self._seats: dict[str, Seat] = {}
        self._coming: dict[str, asyncio.Task[Seat]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._reading = 0
        self._gone: deque[str] = deque(maxlen=REMEMBERED)
        self._opened = {path.resolve() for path in settings.opened}

    async def open(self, source: str, series: str | None, model: str | None, owner: str) -> Seat:
        """A new session.

        Args:
            source: `sample`, `upload:<id>`, or a path that the user opened.
            series: Which DICOM series, where there are several.
            model: Name of the model; the server's default when None.
            owner: The browser that asks; empty for the person at the machine.

        Raises:
            SeriesChoiceError: If there are several series, and none is chosen.
            ForbiddenSourceError: If the user has not opened that path.
            FullError: If no more sessions fit.
            InputError: If it cannot be read.
        """
        session = new_id()
        upload = source.removeprefix(UPLOAD) if source.startswith(UPLOAD) else None
        path = self._path(source, session, upload)
        try:
            segmenter = await asyncio.to_thread(self._segmenters.get, model)
            record = Record(
                id=session,
                name=path.name if source != SAMPLE else SAMPLE,
                source=SAMPLE if source == SAMPLE else str(path),
                model=segmenter.spec.name,
                series=series,
                owner=owner,
            )
            seat = await self._seated(record, segmenter)
            await asyncio.to_thread(self._folder.save, seat.record, seat.session.log)
            self._seats[session] = seat
        except BaseException:
            if upload is not None:
                self.uploads.give_back(upload, session)
            raise
        return seat

    async def seat(self, session: str) -> Seat:
        """The session of that id, restored from the state folder where it must be.

        Raises:
            UnknownSessionError: If there never was one.
            GoneSessionError: If it was deleted.
        """
        while session in self._leaving:
            await asyncio.shield(self._leaving[session])
        seat = self._seats.get(session)
        if seat is None:
            self._check_kept(session)
            if session not in self._coming:
                self._coming[session] = self._begun(self._coming, session, self._restored(session))
            seat = await asyncio.shield(self._coming[session])
        seat.used = time.monotonic()
        return seat

    async def delete(self, session: str) -> None:
        """End a session and forget all about it, with what was uploaded for it.

        Raises:
            UnknownSessionError: If there never was one.
            GoneSessionError: If it was deleted before.
        """
        if session not in self._seats:
            self._check_kept(session)
        await self._forget(session)

    def rows(self, user: str) -> list[Json]:
        """Sessions that a user can go on with: one's own, and those opened at the machine."""
        return [
            {"id": record.id, "name": record.name, "model": record.model}
            for record in self._folder.records()
            if record.owner in ("", user)
        ]

    async def tidy(self) -> None:
        """Put idle sessions away, and delete what nobody has used for long."""
        limits = self._settings.limits
        now = time.monotonic()
        for seat in list(self._seats.values()):
            if not _in_use(seat) and now - seat.used > limits.idle_seconds:
                await self._put_away(seat)
        for name in await asyncio.to_thread(self._folder.outdated, "sessions", limits.kept_seconds):
            if name not in self._seats:
                await self._forget(name)
        for name in await asyncio.to_thread(self._folder.outdated, "uploads", limits.idle_seconds):
            await asyncio.to_thread(shutil.rmtree, self._folder.upload(name), True)

    async def close(self) -> None:
        """Put every session away."""
        for seat in list(self._seats.values()):
            await self._put_away(seat)

    async def _forget(self, session: str) -> None:
        if session in self._seats:
            await self._put_away(self._seats[session])
        self._gone.append(session)
        await asyncio.to_thread(self._folder.delete, session)

    async def _restored(self, session: str) -> Seat:
        record, log = await asyncio.to_thread(self._folder.load, session)
        segmenter = await asyncio.to_thread(self._segmenters.get, record.model)
        seat = await self._seated(record, segmenter)
        log.check_fits(seat.session.grid)
        await seat.restore(log)
        self._seats[session] = seat
        return seat

    async def _seated(self, record: Record, segmenter: Segmenter) -> Seat:
        """A seat for a session, with its volume read."""
        await self._make_room()
        self._reading += 1
        try:
            volume = await asyncio.to_thread(_read, record, self._settings.limits.voxels)
            source = volume.source
            if source is not None and source.series_uid is not None:
                record = replace(record, series=source.series_uid)
            return await asyncio.to_thread(Seat, record, volume, segmenter, self._machine)
        finally:
            self._reading -= 1

    async def _make_room(self) -> None:
        """Put the session that was used longest ago away, where the memory is full.

        One that nobody watches goes first, then one whose page has long been left alone.

        Raises:
            FullError: If all are in use.
        """
        if len(self._seats) + self._reading < self._settings.max_sessions:
            return
        still = time.monotonic() - self._settings.limits.idle_seconds
        idle = [seat for seat in self._seats.values() if not _in_use(seat)]
        left = [s for s in self._seats.values() if not s.busy and s.used < still]
        for seat in sorted(idle or left, key=lambda seat: seat.used)[:1]:
            await self._put_away(seat)
            return
        raise FullError(
            f"all {self._settings.max_sessions} sessions of this server are in use; "
            "try again in a while"
        )

    async def _put_away(self, seat: Seat) -> None:
        session = seat.record.id
        if self._seats.pop(session, None) is not None:
            self._leaving[session] = self._begun(self._leaving, session, seat.close())
            await asyncio.shield(self._leaving[session])

    def _begun(
        self, tasks: dict[str, asyncio.Task[T]], session: str, work: Coroutine[None, None, T]
    ) -> asyncio.Task[T]:
        """Work on a session's coming or leaving, listed there until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda _: tasks.pop(session, None))
        return task

    def _check_kept(self, session: str) -> None:
        """Raise unless the state folder holds a session."""
        if session in self._gone:
            raise GoneSessionError("this session was deleted; open the volume again")
        if not self._folder.holds(session):
            raise UnknownSessionError("there is no such session; open a volume")

    def _path(self, source: str, session: str, upload: str | None) -> Path:
        if upload is not None:
            return self.uploads.claim(upload, session)
        path = Path(source)
        known = source == SAMPLE or (
            "\0" not in source and ".." not in path.parts and path.resolve() in self._opened
        )
        if not known:
            raise ForbiddenSourceError(
                "only files that were opened on the machine itself, or uploaded, can be read"
            )
        return path if source == SAMPLE else path.resolve()


def _in_use(seat: Seat) -> bool:
    return seat.busy or len(seat.listeners) > 0


def _read(record: Record, most_voxels: int) -> Volume:
    """The volume of a session.

    Raises:
        SeriesChoiceError: If there are several series, and none is chosen.
        TooLargeError: If it has more voxels than the server takes.
        InputError: If it cannot be read.
    """
    path = Path(record.source)
    try:
        _check_size(declared_voxels(path), most_voxels)
        volume = io.sample() if record.source == SAMPLE else io.read(path, record.series)
    except OptionError as error:
        raise _choice(path) or error from None
    except InputError as error:
        # people know their file by its name, and the server's folders are its own
        raise type(error)(str(error).replace(str(path), path.name)) from None
    _check_size(volume.array.size, most_voxels)
    # the page gets all of it, and more than once: it is not read from its file each time
    return replace(volume, array=np.asarray(volume.array), coarser=())


def _check_size(voxels: int, most: int) -> None:
    if voxels > most:
        raise TooLargeError(f"a volume may have {most} voxels, got one of {voxels}; crop it")


def _choice(path: Path) -> VoxclickError | None:
    """What there is to choose from at a path; None for a single series."""
    from voxclick.io.formats.dicom_series import find_series

    if io.format_of(path).name != "dicom_series":
        return None
    found = find_series(path)
    if len(found) < 2:
        return None
    rows = [
        {
            "uid": one.uid,
            "description": str(one.headers[0].get("SeriesDescription", "")),
            "images": len(one.files),
        }
        for one in found
    ]
    return SeriesChoiceError("there are several series; choose one", rows)
