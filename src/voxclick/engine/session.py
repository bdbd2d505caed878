"""A session: prompts in, masks out, for any number of objects in one volume."""

import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from voxclick import io
from voxclick.engine.ahead import likely_views
from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.change import Change, hull
from voxclick.engine.obey import check_contradiction
from voxclick.engine.object_state import Look, ObjectState, Record
from voxclick.engine.ownership import Ownership
from voxclick.engine.predict import Model, first_look, wider_look
from voxclick.engine.refine import patches
from voxclick.errors import InputError, PromptError
from voxclick.geometry import Box, Grid
from voxclick.models import load
from voxclick.models.base import Segmenter
from voxclick.prompts import MaskPrompt, Prompt, PromptLog
from voxclick.volume import LabelMap, Mask, Volume


class Session:
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
    ) -> None:
        model = segmenter if isinstance(segmenter, Segmenter) else load(segmenter, device)
        self.volume = _opened(volume)
        self._model = Model(self.volume, model, EmbeddingCache() if cache is None else cache)
        self._objects = Ownership(self.volume.grid, overlap)
        self._order = 0
        self._revision = 0
        self._ticket = 0
        self._lock = threading.RLock()

    @property
    def grid(self) -> Grid:
        """The volume's grid, on which every result lies."""
        return self.volume.grid

    @property
    def segmenter(self) -> Segmenter:
        """The model that answers."""
        return self._model.segmenter

    @property
    def current(self) -> str:
        """Name of the object that the next prompt goes to."""
        with self._lock:
            return self._objects.state().name

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of all objects, in the order they were opened."""
        return tuple(state.name for state in self._objects.states)

    @property
    def log(self) -> PromptLog:
        """Every prompt in force, of every object."""
        with self._lock:
            return PromptLog(tuple(state.log for state in self._objects.states), self.grid)

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
            ready = self._checked(prompt, self._objects.find(to))
            state = self._objects.state() if to is None else self._objects.open(to, None)
            record = state.begin(ready, self._order)
            self._order += 1
            changed, todo = self._first_answer(state, record)
            todo = todo[:refinements]
            record.complete = not todo
            change = self._changed(state, changed, started, final=record.complete)
        yield change
        while todo:
            started = time.perf_counter()
            with self._lock:
                if self._ticket != ticket:
                    return
                (look, box), *todo = todo
                changed = self._refined(state, look, box)
                record.refinements += 1
                record.complete = not todo
                change = self._changed(state, changed, started, final=record.complete)
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
            grids = list(islice(likely_views(self._model, self._objects.state()), views))
        for grid in grids:
            if self._ticket != ticket:
                break
            self._model.cache.embed(self.volume, self.segmenter, grid)
            encoded += 1
        return encoded

    def cancel(self) -> None:
        """End the refinements that are still running, after the patch they are at."""
        self._ticket += 1

    def undo(self) -> Change:
        """Take back the newest prompt of the current object; without limit.

        Returns:
            What changed; an empty box, and a note, when there was nothing to take back.
        """
        return self._step_back(forth=False)

    def redo(self) -> Change:
        """Do again what `undo` took back, until a new prompt is added.

        Returns:
            What changed; an empty box, and a note, when there was nothing to do again.
        """
        return self._step_back(forth=True)

    def mask(self, name: str | None = None) -> Mask:
        """The mask of an object, the current one when None; a copy.

        Raises:
            UnknownNameError: If there is no such object.
        """
        with self._lock:
            own = self._objects.visible(self._objects.state(name), self.grid.box)
            return Mask(own.copy(), self.grid, self.volume.source)

    def labelmap(self) -> LabelMap:
        """All objects as one label map; where they may overlap, the one opened last is on top."""
        with self._lock:
            states = self._objects.states
            top = max((state.label for state in states), default=0)
            array = np.zeros(self.grid.shape, dtype=np.uint8 if top < 256 else np.uint16)
            for state in states:
                own = self._objects.visible(state, state.bounds)
                array[state.bounds.slices][own] = state.label
            names = {state.label: state.name for state in states}
            return LabelMap(array, self.grid, names, self.volume.source)

    def _checked(self, prompt: Prompt, state: ObjectState | None) -> Prompt:
        """The prompt in voxel indices, if this session can take it."""
        spec = self._model.spec
        takes = ", ".join(sorted(spec.prompts))
        if not isinstance(prompt, Prompt):
            raise PromptError(f"a prompt must be a {takes}, got {prompt!r}")
        if prompt.kind not in spec.prompts:
            raise PromptError(f"the model {spec.name} takes {takes}, got a {prompt.kind}")
        ready = prompt.to_voxel(self.grid)
        if state is not None:
            check_contradiction(ready, state.prompts)
        return ready

    def _first_answer(
        self, state: ObjectState, record: Record
    ) -> tuple[Box, list[tuple[Look, Box]]]:
        """Answer the newest prompt, looking wider while the object outgrows the view.

        Returns:
            What changed, and the finer looks that are worth taking.
        """
        prompt, prompts = record.prompt, state.prompts
        if isinstance(prompt, MaskPrompt) and prompt.axis is None:
            box = state.bounds.union(Box.of_mask(prompt.mask.array))
            return state.write(box, prompt.mask.array[box.slices]), []
        model, spec = self._model, self._model.spec
        claim = state.claim if len(prompts) > 1 else None
        answer = model.decode(first_look(model, state, prompt), prompts, claim)
        while answer.reaches_border(spec.border_voxels):
            wider = wider_look(model, answer, prompt)
            if wider is None:
                break
            answer = model.decode(wider, prompts, claim)
        state.look = record.look_after = answer.look
        coarse = answer.look.level > 0
        changed = state.write(*answer.patch(state.claim, coarse))
        return changed, patches(model, state.claim, changed) if coarse else []

    def _refined(self, state: ObjectState, look: Look, box: Box) -> Box:
        """Look at one patch anew, finer, and write its core."""
        answer = self._model.decode(look, state.prompts, state.claim)
        patch = answer.view.restore(answer.logits, box)
        return state.write(patch.box, (patch.logits > 0).cpu().numpy())

    def _step_back(self, forth: bool) -> Change:
        started = time.perf_counter()
        self.cancel()
        with self._lock:
            state = self._objects.state()
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


def _opened(volume: object) -> Volume:
    if isinstance(volume, Volume):
        return volume
    if isinstance(volume, str | Path):
        return io.read(volume)
    raise InputError(
        f"a session needs a Volume or the path of one, got {type(volume).__name__}; "
        "write Volume(array, grid)"
    )
