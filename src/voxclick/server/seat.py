"""One open session on the server: its verbs in order, and everybody who watches told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from voxclick.engine import Change, Session
from voxclick.engine.cache import EmbeddingCache
from voxclick.errors import OptionError, UnknownNameError
from voxclick.geometry import Box
from voxclick.models.base import Segmenter
from voxclick.prompts import PromptLog
from voxclick.server.device import Turns
from voxclick.server.display import Display
from voxclick.server.failures import LockedError, answer_of
from voxclick.server.listeners import Listeners
from voxclick.server.orientation import Orientation
from voxclick.server.progress import Progress
from voxclick.server.state import Record, StateFolder
from voxclick.server.updates import box_json, update_message
from voxclick.types import Json
from voxclick.volume import Volume

Outcome = tuple[Json, bytes]
"""The answer to a request, and the update for the sockets."""


@dataclass(frozen=True)
class Machine:
    """What all sessions of a server share.

    Attributes:
        turns: At the device.
        cache: Of embeddings.
        folder: Where sessions are kept.
        most_objects: That one session may have.
    """

    turns: Turns
    cache: EmbeddingCache
    folder: StateFolder
    most_objects: int


class Seat:
    """A session, its place in the state folder, and its listeners. Use it from the event loop.

    Verbs come one after the other. A new one ends the refinements that still run.

    Args:
        record: What is kept of it.
        volume: Its volume.
        segmenter: The model that answers.
        machine: Shared with the other sessions.
    """

    def __init__(
        self, record: Record, volume: Volume, segmenter: Segmenter, machine: Machine
    ) -> None:
        self.record = record
        self.listeners = Listeners()
        self.session = Session(volume, segmenter, cache=machine.cache)
        self.orientation = Orientation.of(volume.grid)
        self.display = Display(volume, self.orientation)
        self.used = time.monotonic()
        self._machine = machine
        self._facts = self.display.facts()
        self._looks = dict(record.appearances)
        self._progress = Progress(self.session, self.orientation, self._looks)
        self._objects: list[Json] = []
        self._order = asyncio.Lock()
        self._works: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._replaying = False
        self._dirty = False

    @property
    def user(self) -> str:
        """Who waits at the device: a browser, or each session of its own for the others."""
        return self.record.owner or self.record.id

    @property
    def busy(self) -> bool:
        """Whether work is going on or waits for its turn."""
        return bool(self._works)

    def state(self) -> Json:
        """Everything about it, for a page that has just come."""
        return {
            "id": self.record.id,
            "name": self.record.name,
            **self._facts,
            **self.progress(),
        }

    def progress(self) -> Json:
        """What changes while one works."""
        current = self._current()
        return {
            "model": self.record.model,
            "device": str(self.session.segmenter.device),
            "revision": self.record.revision,
            "busy": self.busy,
            "current": None if current is None else current["label"],
            "objects": self._objects,
            "can_undo": bool(current and current["can_undo"]),
            "can_redo": bool(current and current["can_redo"]),
        }

    def labels(self) -> bytes:
        """The labels of the whole volume, as one update; call it in a thread."""
        box = _extent(self.session)
        about = {"revision": self.record.revision, "object": None, "final": True}
        return update_message(self.session.labels(box), box, self.orientation, about)

    def cancel(self) -> None:
        """End the refinements that still run."""
        if not self._replaying:
            self.session.cancel()

    @asynccontextmanager
    async def settled(self) -> AsyncIterator[Session]:
        """The session while no verb is at work."""
        async with self._order:
            yield self.session

    async def prompt(self, fields: Json, label: int | None) -> Json:
        """Add a prompt to an object, the current one when None; gives the first answer.

        Raises:
            PromptError: If it cannot be placed, or the model does not take it.
            LockedError: If the object is locked.
        """
        ready = await asyncio.to_thread(self.orientation.native_prompt, fields)
        if label is not None or self._objects:
            self._target(label)
        self.cancel()
        async with self._order:
            if label is None and not self._objects:
                await self._opened(None)
            name, number = self._target(label)
            stream = self.session.stream(ready, to=name)
            answer = await self._do("predicting", number, lambda: next(stream))
        if not answer["final"]:
            self._start(self._refine(stream, number))
        return answer

    async def step_back(self, label: int | None, forth: bool) -> Json:
        """Undo the newest prompt of an object, or redo the one last undone."""
        name, number = self._target(label)
        self.cancel()
        async with self._order:
            step = self.session.redo if forth else self.session.undo
            return await self._do(None, number, lambda: step(name))

    async def remove(self, label: int, place: int) -> Json:
        """Take one prompt of an object out, as if it had never been given."""
        name, number = self._target(label)
        self.cancel()
        async with self._order:
            return await self._do("predicting", number, lambda: self.session.remove(place, name))

    async def drop(self, label: int) -> Json:
        """Delete an object."""
        name, number = self._target(label)
        self.cancel()
        async with self._order:
            answer = await self._do(None, number, lambda: self.session.drop(name))
            self._looks.pop(label, None)
            return answer

    async def open_object(self, name: str | None) -> Json:
        """A new object, which becomes the current one; gives it.

        Raises:
            OptionError: If the name is taken, or there are too many objects.
        """
        async with self._order:
            if len(self._objects) >= self._machine.most_objects:
                raise OptionError(
                    f"a session may have {self._machine.most_objects} objects, got one more; "
                    "delete one"
                )
            if name is not None and name in self.session.objects:
                raise OptionError(f"a new object needs a name of its own, got {name!r} again")
            return self._entry(await self._opened(name))

    async def change_object(self, label: int, change: Json) -> Json:
        """Rename, recolour, lock, hide or choose an object; gives it."""
        async with self._order:
            entry = self._entry(label)
            if "name" in change:
                await asyncio.to_thread(self.session.rename, entry["name"], change["name"])
            looks = {key: change[key] for key in ("colour", "locked", "visible") if key in change}
            self._looks[label] = replace(self._looks[label], **looks)
            if change.get("current"):
                self.record = replace(self.record, current=label)
            await asyncio.to_thread(self._describe)
            self._tell_state()
            return self._entry(label)

    async def set_model(self, name: str, segmenter: Segmenter) -> Json:
        """Answer every prompt anew with another model; gives the state.

        Raises:
            PromptError: If it cannot take one of them; nothing has changed then.
        """
        self.cancel()
        async with self._order:
            before, told = self.session, self.session.log
            fresh = Session(before.volume, segmenter, cache=self._machine.cache)
            for entry in told.objects:
                fresh.object(entry.name, entry.label)
            steps = told.ordered()
            for place, (entry, step) in enumerate(steps):
                with self._at_work("replaying", len(steps) - place):
                    add = partial(fresh.add, step.prompt, entry.name)
                    await self._machine.turns.run(self.user, add)
            box = _extent(before).union(_extent(fresh))
            self.session = fresh
            self.record = replace(self.record, model=name)
            self._progress = Progress(fresh, self.orientation, self._looks)
            await self._do(None, None, lambda: Change(box, 0.0, "", b""))
        return self.state()

    async def restore(self, told: PromptLog) -> None:
        """Take the objects of a log, and begin to answer their prompts anew."""
        for entry in told.objects:
            self.session.object(entry.name, entry.label)
        await asyncio.to_thread(self._describe)
        if told.ordered():
            self._replaying = True
            await self._order.acquire()
            self._start(self._replayed(told))

    async def close(self) -> None:
        """Stop all work, keep what is not kept yet, and free the memory."""
        unfinished = self._replaying
        self.session.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._dirty and not unfinished:
            await asyncio.to_thread(self._keep)
        self.listeners.close()
        self._machine.cache.forget(self.session.volume)

    async def _replayed(self, told: PromptLog) -> None:
        steps = told.ordered()
        try:
            for place, (entry, step) in enumerate(steps):
                add = partial(self.session.add, step.prompt, entry.name, step.refinements)
                await self._do("replaying", entry.label, add, len(steps) - place)
            self._replaying = False
        except Exception as error:  # noqa: BLE001  (nobody waits for it: the page is told)
            self._fail(error)
        finally:
            self._order.release()

    async def _refine(self, stream: Iterator[Change], label: int) -> None:
        """Give the finer looks of a prompt as they come, until another one ends them."""
        try:
            final = False
            while not final:
                answer = await self._do("refining", label, lambda: next(stream, None))
                final = answer["final"]
        except Exception as error:  # noqa: BLE001  (nobody waits for it: the page is told)
            self._fail(error)

    async def _do(
        self,
        what: str | None,
        label: int | None,
        work: Callable[[], Change | None],
        waiting: int = 0,
    ) -> Json:
        """Do what changes labels, tell everybody, and give the answer.

        Args:
            what: The kind of work, for the page; None for what needs no model and no turn.
            label: The object that it is about.
            work: It; runs in a thread.
            waiting: How many such pieces there are, this one included.
        """

        def done() -> Outcome | None:
            change = work()
            return None if change is None else self._outcome(change, label)

        if what is None:
            outcome = await asyncio.to_thread(done)
        else:
            with self._at_work(what, waiting or self._machine.turns.waiting):
                outcome = await self._machine.turns.run(self.user, done)
        if outcome is None:
            return {"final": True}
        answer, message = outcome
        self.listeners.tell(message)
        self._tell_state()
        return {**answer, "state": self.progress()}

    def _outcome(self, change: Change, label: int | None) -> Outcome:
        """What a change looks like from outside; at the cost of its box alone."""
        self._describe(change.box)
        self.record = replace(self.record, revision=self.record.revision + 1)
        about = {"revision": self.record.revision, "object": label, "final": change.final}
        labels = self.session.labels(change.box)
        message = update_message(labels, change.box, self.orientation, about)
        box = box_json(self.orientation.box_in_view(change.box))
        told = {"seconds": change.seconds, "notes": list(change.notes), "box": box}
        return {**about, **told}, message

    async def _opened(self, name: str | None) -> int:
        """Open an object and make it the current one; gives its label."""
        opened = await asyncio.to_thread(self.session.object, name)
        await asyncio.to_thread(self._describe)
        label: int = next(one["label"] for one in self._objects if one["name"] == opened)
        self.record = replace(self.record, current=label)
        self._tell_state()
        return label

    def _describe(self, changed: Box = Box.EMPTY) -> None:
        self._objects = self._progress.objects(changed)

    def _current(self) -> Json | None:
        """The object that prompts go to: the chosen one, or the last where it is gone."""
        for one in self._objects:
            if one["label"] == self.record.current:
                return one
        return self._objects[-1] if self._objects else None

    def _entry(self, label: int) -> Json:
        for one in self._objects:
            if one["label"] == label:
                return one
        known = ", ".join(str(one["label"]) for one in self._objects) or "none yet"
        raise UnknownNameError(f"an object must be one of {known}, got {label}")

    def _target(self, label: int | None) -> tuple[str, int]:
        """Name and label of an object that may change, the current one when None."""
        entry = self._current() if label is None else self._entry(label)
        if entry is None:
            raise UnknownNameError("there is no object yet; place a prompt first")
        if self._looks[entry["label"]].locked:
            raise LockedError(f"the object {entry['name']!r} is locked; unlock it to change it")
        return entry["name"], entry["label"]

    @contextmanager
    def _at_work(self, what: str, waiting: int) -> Iterator[None]:
        self._works.append(what)
        self.listeners.tell({"type": "busy", "busy": True, "what": what, "waiting": waiting})
        try:
            yield
        finally:
            self._works.remove(what)
            self.used = time.monotonic()
            if not self._works:
                self.listeners.tell({"type": "busy", "busy": False})

    def _tell_state(self) -> None:
        self.listeners.tell({"type": "state", "state": self.progress()})
        if not self._dirty and not self._replaying:
            self._dirty = True
            self._start(self._kept())

    def _fail(self, error: Exception) -> None:
        _, body, _ = answer_of(error)
        self.listeners.tell({"type": "failed", "detail": body["detail"]})

    async def _kept(self) -> None:
        await asyncio.to_thread(self._keep)

    def _keep(self) -> None:
        self._dirty = False
        self.record = replace(self.record, appearances=dict(self._looks))
        self._machine.folder.save(self.record, self.session.log)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Run something in the background; what is running is kept from the collector."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _extent(session: Session) -> Box:
    """A box that holds every object."""
    box = Box.EMPTY
    for name in session.objects:
        box = box.union(session.extent(name))
    return box
