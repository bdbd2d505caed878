"""One open session on the server: its verbs in order, and everybody who watches told."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from voxclick.engine import Change, Session
from voxclick.errors import OptionError
from voxclick.models.base import Segmenter
from voxclick.prompts import PromptLog
from voxclick.server.activity import Activity
from voxclick.server.answers import all_labels, extent, together, told
from voxclick.server.background import Background
from voxclick.server.display import Display
from voxclick.server.failures import StoppedEarly, answer_of
from voxclick.server.keeper import Keeper
from voxclick.server.listeners import Listeners
from voxclick.server.machine import Machine
from voxclick.server.orientation import Orientation
from voxclick.server.roster import Roster
from voxclick.server.state import Record
from voxclick.types import Index3, Json
from voxclick.volume import Volume


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
        self._roster = Roster(self.session, self.orientation, record.appearances, record.current)
        self._revision = record.revision
        self._order = asyncio.Lock()
        # updates are made and sent one after the other: an older one never says the newer thing
        self._telling = threading.Lock()
        self._activity = Activity(self.listeners)
        self._background = Background()
        self._replaying = False
        self._keeper = Keeper(self._keep, self._fail)

    @property
    def user(self) -> str:
        """Who waits at the device: a browser, or each session of its own for the others."""
        return self.record.owner or self.record.id

    @property
    def busy(self) -> bool:
        """Whether work is going on or waits for its turn."""
        return self._activity.busy or self._replaying

    def state(self) -> Json:
        """Everything about it, for a page that has just come."""
        return {"id": self.record.id, "name": self.record.name, **self._facts, **self.progress()}

    def progress(self) -> Json:
        """What changes while one works."""
        return {
            "model": self.record.model,
            "device": str(self.session.segmenter.device),
            "revision": self._revision,
            "busy": self.busy,
            **self._roster.progress(),
        }

    def labels(self) -> bytes:
        """The labels of the whole volume, as one update; call it in a thread."""
        return all_labels(self.session, self._revision, self.orientation)

    def cancel(self) -> None:
        """End the refinements that still run."""
        if not self._replaying:
            self.session.cancel()

    @asynccontextmanager
    async def settled(self) -> AsyncIterator[Session]:
        """The session while no verb is at work."""
        async with self._order:
            yield self.session

    async def prompt(
        self,
        fields: Json,
        label: int | None = None,
        refinements: int | None = None,
        wait: bool = False,
    ) -> Json:
        """Add a prompt to an object; gives the first answer.

        Args:
            fields: Of the prompt, as they came.
            label: Of the object; the current one when None.
            refinements: At most so many finer looks; all when None.
            wait: Whether to answer after the last of them, for all together.

        Raises:
            PromptError: If it cannot be placed, or the model does not take it.
            LockedError: If the object is locked.
        """
        ready = await asyncio.to_thread(self.orientation.native_prompt, fields)
        if label is not None or self._roster.entries:
            self._roster.target(label)
        self.cancel()
        async with self._order:
            if label is None and not self._roster.entries:
                await self._opened(None)
            name, number = self._roster.target(label)
            stream = self.session.stream(ready, name, refinements)
            answer = await self._do("predicting", number, lambda: next(stream))
        if answer["final"]:
            self._background.start(self._look_ahead())
            return answer
        refining = self._background.start(self._refine(stream, number))
        return together([answer, *await asyncio.shield(refining)]) if wait else answer

    async def suggest(self, label: int, seen: Sequence[Index3]) -> Json | None:
        """Where to look next in an object, None for nowhere; changes nothing.

        Args:
            label: Of the object.
            seen: Native voxels that were looked at since its last prompt, and were right.
        """
        async with self._order:
            work = partial(self.session.suggest, self._roster.entry(label)["name"], seen)
            with self._activity.at("suggesting", self._machine.turns.waiting):
                found = await self._machine.turns.run(self.user, work)
        return None if found is None else self.orientation.shown_suggestion(found)

    async def step_back(self, label: int | None, forth: bool) -> Json:
        """Undo the newest prompt of an object, or redo the one last undone."""
        name, number = self._roster.target(label)
        self.cancel()
        async with self._order:
            step = self.session.redo if forth else self.session.undo
            return await self._do(None, number, lambda: step(name))

    async def remove(self, label: int, place: int) -> Json:
        """Take one prompt of an object out, as if it had never been given."""
        name, number = self._roster.target(label)
        self.cancel()
        async with self._order:
            return await self._do("predicting", number, lambda: self.session.remove(place, name))

    async def drop(self, label: int) -> Json:
        """Delete an object."""
        name, number = self._roster.target(label)
        self.cancel()
        async with self._order:
            answer = await self._do(None, number, lambda: self.session.drop(name))
            self._roster.forget(number)
            return answer

    async def open_object(self, name: str | None) -> Json:
        """A new object, which becomes the current one; gives it.

        Raises:
            OptionError: If the name is taken, or there are too many objects.
        """
        async with self._order:
            if len(self._roster.entries) >= self._machine.most_objects:
                raise OptionError(
                    f"a session may have {self._machine.most_objects} objects, got one more; "
                    "delete one"
                )
            if name is not None and name in self.session.objects:
                raise OptionError(f"a new object needs a name of its own, got {name!r} again")
            return self._roster.entry(await self._opened(name))

    async def change_object(self, label: int, change: Json) -> Json:
        """Rename, recolour, lock, hide or choose an object; gives it."""
        async with self._order:
            entry = self._roster.entry(label)
            if "name" in change:
                await asyncio.to_thread(self.session.rename, entry["name"], change["name"])
            self._roster.repaint(label, change)
            if change.get("current"):
                self._roster.current = label
            await asyncio.to_thread(self._describe)
            self._tell_state()
            return self._roster.entry(label)

    async def set_model(self, name: str, segmenter: Segmenter) -> Json:
        """Answer every prompt anew with another model; gives the state.

        Raises:
            PromptError: If it cannot take one of them; nothing has changed then.
        """
        self.cancel()
        async with self._order:
            before, given = self.session, self.session.log
            fresh = Session(before.volume, segmenter, cache=self._machine.cache)
            for entry in given.objects:
                fresh.object(entry.name, entry.label)
            steps = given.ordered()
            for place, (entry, step) in enumerate(steps):
                with self._activity.at("replaying", len(steps) - place):
                    add = partial(fresh.add, step.prompt, entry.name)
                    await self._machine.turns.run(self.user, add)
            box = extent(before).union(extent(fresh))
            self.session = fresh
            self.record = replace(self.record, model=name)
            looks, current = self._roster.appearances, self._roster.current
            self._roster = Roster(fresh, self.orientation, looks, current)
            await self._do(None, None, lambda: Change(box, 0.0, "", b""))
        return self.state()

    async def restore(self, given: PromptLog) -> None:
        """Take the objects of a log, and begin to answer their prompts anew."""
        for entry in given.objects:
            self.session.object(entry.name, entry.label)
        await asyncio.to_thread(self._describe)
        if given.ordered():
            self._replaying = True
            await self._order.acquire()
            self._background.start(self._replayed(given))

    async def close(self) -> None:
        """Stop all work, keep what is not kept yet, and free the memory."""
        half_way = self._replaying
        self.session.cancel()
        await self._background.stop()
        if not half_way:
            self._keeper.touch()
        await self._keeper.finish()
        self.listeners.close()
        self._machine.cache.forget(self.session.volume)

    async def _replayed(self, given: PromptLog) -> None:
        steps = given.ordered()
        try:
            for place, (entry, step) in enumerate(steps):
                add = partial(self.session.add, step.prompt, entry.name, step.refinements)
                await self._do("replaying", entry.label, add, len(steps) - place)
        except Exception as error:  # noqa: BLE001  (nobody waits for it: the page is told)
            self._fail(error)
        finally:
            self._replaying = False
            self._order.release()
        self._tell_state()

    async def _refine(self, stream: Iterator[Change], label: int) -> list[Json]:
        """Give the finer looks of a prompt as they come, until another one ends them."""
        answers: list[Json] = []
        try:
            while not (answers and answers[-1]["final"]):
                answers.append(await self._do("refining", label, lambda: next(stream)))
        except StoppedEarly:
            pass
        except Exception as error:  # noqa: BLE001  (nobody waits for it: the page is told)
            self._fail(error)
        else:
            self._background.start(self._look_ahead())
        return answers

    async def _look_ahead(self) -> None:
        """Encode a view that the next prompt is likely to need, while nobody waits."""
        if not self._machine.turns.waiting:
            await self._machine.turns.run(self.user, self.session.encode_ahead)

    async def _do(
        self, what: str | None, label: int | None, work: Callable[[], Change], waiting: int = 0
    ) -> Json:
        """Do what changes labels, tell everybody, and give the answer.

        Args:
            what: The kind of work, for the page; None for what needs no model and no turn.
            label: The object that it is about.
            work: It; runs in a thread.
            waiting: How many such pieces there are, this one included.
        """
        loop = asyncio.get_running_loop()

        def done() -> Json:
            try:
                change = work()
            except StopIteration:  # no future can carry it
                raise StoppedEarly from None
            with self._telling:
                answer, message = self._outcome(change, label)
                loop.call_soon_threadsafe(self.listeners.tell, message)
            return answer

        if what is None:
            answer = await asyncio.to_thread(done)
        else:
            with self._activity.at(what, waiting or self._machine.turns.waiting):
                answer = await self._machine.turns.run(self.user, done)
        self._tell_state()
        return {**answer, "state": self.progress()}

    def _outcome(self, change: Change, label: int | None) -> tuple[Json, bytes]:
        """What a change looks like from outside, under the next revision."""
        self._roster.describe(change.box)
        self._revision += 1
        about = {"revision": self._revision, "object": label, "final": change.final}
        return told(change, about, self.session, self.orientation)

    async def _opened(self, name: str | None) -> int:
        """Open an object and make it the current one; gives its label."""
        opened = await asyncio.to_thread(self.session.object, name)
        await asyncio.to_thread(self._describe)
        label: int = next(one["label"] for one in self._roster.entries if one["name"] == opened)
        self._roster.current = label
        self._tell_state()
        return label

    def _describe(self) -> None:
        with self._telling:
            self._roster.describe()

    def _tell_state(self) -> None:
        self.listeners.tell({"type": "state", "state": self.progress()})
        if not self._replaying:
            self._keeper.touch()

    def _fail(self, error: Exception) -> None:
        self.listeners.tell({"type": "failed", "detail": answer_of(error)[1]["detail"]})

    def _keep(self) -> None:
        with self._telling:
            record = replace(
                self.record,
                revision=self._revision,
                current=self._roster.current,
                appearances=self._roster.appearances,
            )
        self._machine.folder.save(record, self.session.log)
