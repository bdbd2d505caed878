"""A session: prompts in, masks out, for any number of objects in one volume."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from voxclick.engine.answer import answered, checked, removed, unseen
from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.change import Change, hull
from voxclick.engine.growth import make_growth
from voxclick.engine.object_state import ObjectState
from voxclick.engine.ownership import Ownership
from voxclick.engine.predict import Model
from voxclick.engine.readout import Readout
from voxclick.engine.source import opened
from voxclick.engine.suggest import suggest
from voxclick.errors import UnknownNameError
from voxclick.geometry import Box
from voxclick.models import load
from voxclick.models.base import Segmenter
from voxclick.prompts import Point, Prompt, Suggestion
from voxclick.types import Index3
from voxclick.volume import Volume


class Session(Readout):
    """One volume, one model, and the objects that are being segmented in it.

    Every prompt goes to the current object. Calls may come from several threads: one works at a
    time, and a new prompt, undo or redo ends the refinements that are still running.

    Args:
        volume: A volume, or the path of one (`sample` is the packaged one).
        segmenter: A loaded model or its name; the default model when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`; for a model given by name.
        overlap: Who gets a voxel that several objects claim: `nearest` (the object with the
            nearest positive prompt), `first` or `last` (opened), or `allow` (all of them).
        cache: Embeddings shared with other sessions; one of its own (1 GiB) when None.
        growth: How an object is followed past the view, a row of `engine.growth.kinds`; the
            model's default when None.

    Raises:
        InputError: If the volume cannot be read, or a name or an option is unknown.
    """

    def __init__(
        self,
        volume: Volume | str | Path,
        segmenter: Segmenter | str | None = None,
        device: str = "auto",
        overlap: str = "nearest",
        cache: EmbeddingCache | None = None,
        growth: str | None = None,
    ) -> None:
        model = segmenter if isinstance(segmenter, Segmenter) else load(segmenter, device)
        self.volume = opened(volume)
        self._model = Model(self.volume, model, EmbeddingCache() if cache is None else cache)
        self._strategy = make_growth(model.spec, growth)
        self._objects = Ownership(self.volume.grid, overlap)
        self._order = self._revision = self._ticket = 0
        self._lock = threading.RLock()

    @property
    def segmenter(self) -> Segmenter:
        """The model that answers."""
        return self._model.segmenter

    @property
    def widens(self) -> bool:
        """Whether prompts look wider where the object outgrows the view; settable, true at first.

        A log does not keep it: a session that replays one looks wider throughout.
        """
        return self._model.widens

    @widens.setter
    def widens(self, wanted: bool) -> None:
        with self._lock:
            self._model = replace(self._model, widens=wanted)

    def object(self, name: str | None = None, label: int | None = None) -> str:
        """Switch to an object, opening it if it is new; later prompts go to it.

        Args:
            name: Its name; a new one, `object_<label>`, when None.
            label: Its number in label maps, for a new object; the next free one when None.

        Returns:
            Its name.

        Raises:
            OptionError: If the label is taken, or not from 1 to 65535, or the object has another.
        """
        with self._lock:
            return self._objects.open(name, label).name

    def add(self, prompt: Prompt, to: str | None = None, refinements: int | None = None) -> Change:
        """Add a prompt to an object and segment it anew.

        Args:
            prompt: In any space; see `voxclick.prompts`.
            to: Name of the object it is about (opened if new); the current one when None.
            refinements: At most so many finer looks after the first answer; all when None.

        Raises:
            PromptError: If the prompt lies outside the volume, contradicts an earlier point, or
                is of a kind that the model does not take. Nothing has changed then.
            GridMismatchError: If it carries a mask on another grid.
        """
        changes = list(self.stream(prompt, to, refinements))
        with self._lock:
            state = self._objects.state(changes[-1].object)
            box = hull(changes)
            notes = tuple(dict.fromkeys(note for change in changes for note in change.notes))
            seconds = sum(change.seconds for change in changes)
            bits = self._objects.bits(state, box)
            return Change(box, seconds, state.name, bits, notes, changes[-1].revision)

    def stream(
        self, prompt: Prompt, to: str | None = None, refinements: int | None = None
    ) -> Iterator[Change]:
        """Like `add`, but gives the first answer at once and each refinement as it comes.

        The refinements end early when the iteration is dropped, after `cancel`, and when another
        prompt, undo or redo comes in; the log then says after how many.
        """
        started = time.perf_counter()
        self.cancel()
        with self._lock:
            ticket = self._ticket
            ready = checked(prompt, self._model, self._objects.find(to))
            state = self._objects.state() if to is None else self._objects.open(to, None)
            record = state.begin(ready, self._order)
            self._order += 1
            steps = answered(self._strategy, self._model, state, record)
            try:
                step = next(steps)
            except BaseException:  # the model failed: the prompt was never given
                state.forget()
                raise
            ended = step.last or refinements == 0
            change = self._changed(state, step.changed, started, final=ended)
        yield change
        while not ended:
            started = time.perf_counter()
            with self._lock:
                if self._ticket != ticket:
                    return
                step = next(steps)
                ended = step.last or record.refinements == refinements
                change = self._changed(state, step.changed, started, final=ended)
            yield change

    def encode_ahead(self, views: int = 1) -> int:
        """Encode views that the next prompt is likely to need, while the user looks at the mask.

        Changes no mask. A new prompt, undo or redo ends it after the view at hand.

        Args:
            views: At most so many.

        Returns:
            How many were encoded.
        """
        ticket, encoded = self._ticket, 0
        with self._lock:
            grids = unseen(self._strategy, self._model, self._objects.state(), views)
        for grid in grids:
            if self._ticket != ticket:
                break
            self._model.cache.embed(self.volume, self.segmenter, grid)
            encoded += 1
        return encoded

    def suggest(self, of: str | None = None, seen: Sequence[Index3] = ()) -> Suggestion | None:
        """Where to look next: a place where the mask may well be wrong, and much would change.

        Look there. Where the mask is wrong, add the suggestion's `point`; where it is right, ask
        again with the place among those `seen`. Changes nothing.

        Args:
            of: Name of the object; the current one when None.
            seen: Voxels that were looked at since the last prompt, and were right.

        Returns:
            None for an object without a voxel, or with nowhere left to look.

        Raises:
            UnknownNameError: If there is no such object.
            PromptError: If a place lies outside the volume.
        """
        with self._lock:
            for at in seen:
                Point((float(at[0]), float(at[1]), float(at[2]))).to_voxel(self.grid)
            state = self._objects.find(None) if of is None else self._objects.state(of)
            found = None if state is None else suggest(self._model, state, seen)
            if found is None or state is None:
                return None
            i, j, k = found.at
            shown = self._objects.visible(state, Box((i, j, k), (i + 1, j + 1, k + 1)))
            return replace(found, positive=not shown.any())

    def cancel(self) -> None:
        """End the refinements that are still running, after the patch they are at."""
        self._ticket += 1

    def undo(self, of: str | None = None) -> Change:
        """Take back the newest prompt of an object, the current one when None; without limit.

        Returns:
            What changed; an empty box, and a note, when there was nothing to take back.
        """
        return self._step_back(of, forth=False)

    def redo(self, of: str | None = None) -> Change:
        """Do again what `undo` took back, until a new prompt is added.

        Returns:
            What changed; an empty box, and a note, when there was nothing to do again.
        """
        return self._step_back(of, forth=True)

    def remove(self, place: int, of: str | None = None) -> Change:
        """Take one prompt of an object out, as if it had never been given.

        Those after it are answered anew, so that the object is as its remaining prompts alone make
        it. What could be redone is forgotten.

        Args:
            place: Which prompt in force, counted from 0, the oldest first.
            of: Name of the object; the current one when None.

        Returns:
            What changed.

        Raises:
            UnknownNameError: If there is no such object or prompt.
        """
        started = time.perf_counter()
        self.cancel()
        with self._lock:
            state = self._objects.state(of)
            if not 0 <= place < len(state.done):
                raise UnknownNameError(
                    f"a prompt of {state.name!r} must be one of its {len(state.done)}, counted "
                    f"from 0, got {place}"
                )
            changed = removed(self._strategy, self._model, state, place)
            return self._changed(state, changed, started, final=True)

    def rename(self, old: str, new: str) -> None:
        """Give an object another name.

        Raises:
            UnknownNameError: If there is no object of the old name.
            OptionError: If the new one is empty, or another object's.
        """
        with self._lock:
            self._objects.rename(old, new)

    def drop(self, name: str) -> Change:
        """Delete an object with all its prompts; others get the voxels that they claim, too.

        The object opened last becomes the current one, if it was current.

        Raises:
            UnknownNameError: If there is no such object.
        """
        started = time.perf_counter()
        self.cancel()
        with self._lock:
            state = self._objects.state(name)
            box = self._objects.drop(state)
            self._revision += 1
            bits = bytes(-(-box.voxels // 8))
            seconds = time.perf_counter() - started
            return Change(box, seconds, name, bits, (), self._revision)

    def _step_back(self, of: str | None, forth: bool) -> Change:
        started = time.perf_counter()
        self.cancel()
        with self._lock:
            state = self._objects.state(of)
            if not (state.undone if forth else state.done):
                note = "nothing to redo" if forth else "nothing to undo"
                return Change(Box.EMPTY, 0.0, state.name, b"", (note,), self._revision)
            changed = state.redo() if forth else state.undo()
            return self._changed(state, changed, started, final=True)

    def _changed(self, state: ObjectState, changed: Box, started: float, final: bool) -> Change:
        """Settle who owns what, and say what an update changed."""
        self._revision += 1
        box = self._objects.settle(state, changed)
        bits = self._objects.bits(state, box)
        notes = self._objects.unobeyed(state)
        seconds = time.perf_counter() - started
        return Change(box, seconds, state.name, bits, notes, self._revision, final)
