"""What one client works on: an image, a target buffer, and one object at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.change import Change, hull
from voxclick.engine.obey import check_contradiction
from voxclick.engine.session import Session
from voxclick.errors import InputError, PromptError
from voxclick.geometry import Box, Grid
from voxclick.models.base import Segmenter
from voxclick.prompts import MaskPrompt, Prompt, Scribble
from voxclick.types import Array, Index3, Vector3
from voxclick.volume import Mask, Volume

MOST_PROMPTS = 1000
"""Prompts of one object."""

MOST_DRAWN = 1 << 21
"""Voxels that the scribbles of one object may mark together: about 100 MB."""


Ranges = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""First voxel inside and first beyond, axis by axis."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a request did to the target buffer.

    Attributes:
        ran: Whether anything was predicted or taken back.
        box: The part of the buffer that may have changed; empty where none has.
        values: What it holds now, 0 or 1 in the buffer's type; None for an empty box.
    """

    ran: bool
    box: Box = Box.EMPTY
    values: Array | None = None


@dataclass(frozen=True)
class Target:
    """The client's target buffer. The server needs no copy: the object's mask is what it holds."""

    box: Box
    dtype: np.dtype[np.generic]


class Sitting:
    """A client's work, one object after the other; not for several threads at a time.

    Each object is a session of its own, so that nothing of the last one stays or is in its way;
    they share what was encoded of the image.

    Args:
        model: Gives the model that answers, loading it at first.
        cache: What was encoded, of all clients' images.
        hurry: Whether others wait for the device. The protocol has no way to send finer answers
            later: they are worked out before the answer, and left out while others wait.
    """

    def __init__(
        self, model: Callable[[], Segmenter], cache: EmbeddingCache, hurry: Callable[[], bool]
    ) -> None:
        self._model = model
        self._hurry = hurry
        self._volume: Volume | None = None
        self._cache = cache
        self._session: Session | None = None
        self._target: Target | None = None
        self._waiting: list[Prompt] = []
        self._widens = True

    def set_image(self, image: Array, spacing_mm: Vector3) -> None:
        """Work on another image; the target buffer stays, and holds nothing.

        Args:
            image: `[1, i, j, k]`. Nothing is said of the patient's axes, and nothing asked.
            spacing_mm: Of its last three axes.

        Raises:
            InputError: If it is not one channel of three axes, or the spacing cannot be.
        """
        if image.ndim != 4 or image.shape[0] != 1:
            raise InputError(
                "an image must have the shape [1, i, j, k], one channel, got "
                f"{list(image.shape)}; send the channel to be segmented, image[c:c + 1]"
            )
        if not (np.isfinite(spacing_mm).all() and min(spacing_mm) > 0):
            raise InputError(f"a spacing must be three positive lengths, got {list(spacing_mm)}")
        volume = Volume(image[0], Grid(image.shape[1:], np.diag([*spacing_mm, 1.0])))
        self.close()
        self._volume = volume

    def close(self) -> None:
        """Free the image, its object and what was encoded of it."""
        self.reset()
        if self._volume is not None:
            self._cache.forget(self._volume)
            self._volume = None

    def set_target(self, shape: Sequence[int], dtype: np.dtype[np.generic]) -> None:
        """Begin a new object, in a buffer of this shape and type.

        Raises:
            InputError: If the buffer has not three axes of whole numbers.
        """
        if len(shape) != 3 or min(shape) < 1 or dtype.kind not in "biu":
            raise InputError(
                "a target buffer needs three axes and whole numbers (or bool), got the shape "
                f"{list(shape)} of {dtype}"
            )
        self._target = Target(Box.whole((shape[0], shape[1], shape[2])), dtype)
        self.reset()

    def reset(self) -> None:
        """Begin a new object: its buffer holds nothing, and there is nothing to take back."""
        self._waiting = []
        self._session = None

    def add(self, prompt: Prompt, predict: bool) -> Answer:
        """Add a prompt, and predict what all prompts so far say unless told to wait.

        Raises:
            InputError: If there is no image or buffer yet, or the prompt cannot be taken; it
                is then as if it had never been sent.
        """
        session, _ = self._opened()
        spec = session.segmenter.spec
        if prompt.kind not in spec.prompts:
            takes = ", ".join(sorted(spec.prompts))
            raise PromptError(f"the model {spec.name} takes {takes}, got a {prompt.kind}")
        ready = prompt.to_voxel(session.grid)
        earlier = [*self._done(session), *self._waiting]
        check_contradiction(ready, earlier)
        _check_amount([*earlier, ready])
        self._waiting.append(ready)
        return self.predict() if predict else Answer(ran=False)

    def start_from(self, mask: Array, predict: bool) -> Answer:
        """Begin a new object with a mask of it, which later prompts correct.

        Args:
            mask: Of the image's shape; what is not 0 is the object. All 0 is no object yet.
            predict: Whether the client wants to hear of it: the mask is the answer.

        Raises:
            InputError: If there is no image or buffer yet, or the mask has another shape.
        """
        session, _ = self._opened()
        if mask.shape != session.grid.shape:
            raise InputError(
                f"an initial segmentation must have the image's shape {list(session.grid.shape)}, "
                f"got {list(mask.shape)}"
            )
        self.reset()
        drawn: Bool[Array, "i j k"] = mask != 0
        if not drawn.any():
            return Answer(ran=False)
        session, target = self._opened()
        change = session.add(MaskPrompt(Mask(drawn, session.grid)))
        return self._answer(session, target, [change]) if predict else Answer(ran=False)

    def set_autozoom(self, wanted: bool) -> None:
        """Choose whether to look wider where an object outgrows the view."""
        self._widens = wanted
        if self._session is not None:
            self._session.widens = wanted

    def start_of(self, mask: Array, box: Ranges | None) -> Index3:
        """The voxel that a drawn mask begins at.

        Args:
            mask: Of the image's shape, or cropped to `box`.
            box: First voxel inside and first beyond, axis by axis; None for all of the image.

        Raises:
            InputError: If there is no image yet, or the mask has another shape.
        """
        session, _ = self._opened()
        shape = session.grid.shape if box is None else tuple(b - a for a, b in box)
        if mask.shape != shape:
            raise InputError(
                f"a drawn mask must have the shape {list(shape)} of "
                f"{'the image' if box is None else 'its interaction_bbox'}, got {list(mask.shape)}"
            )
        return (0, 0, 0) if box is None else (box[0][0], box[1][0], box[2][0])

    def predict(self) -> Answer:
        """Predict what the prompts that were told to wait say; nothing where there are none."""
        session, target = self._opened()
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return Answer(ran=False)
        # only the last answer is shown: the finer looks are left to it
        changes = [session.add(prompt, refinements=0) for prompt in waiting[:-1]]
        for change in session.stream(waiting[-1]):
            changes.append(change)
            if self._hurry():
                break
        return self._answer(session, target, changes)

    def undo(self) -> Answer:
        """Take the newest prompt back, answered or not; without limit."""
        session, target = self._opened()
        if self._waiting:
            self._waiting.pop()
            return Answer(ran=True)
        if not self._done(session):
            return Answer(ran=False)
        return self._answer(session, target, [session.undo()])

    def _opened(self) -> tuple[Session, Target]:
        """The current object and its buffer, begun if need be."""
        if self._volume is None:
            raise InputError("there is no image yet; send one with POST /set_image first")
        if self._target is None:
            raise InputError(
                "there is no target buffer yet; declare one with POST /set_target_buffer first"
            )
        if self._session is None:
            self._session = Session(self._volume, self._model(), cache=self._cache)
            self._session.widens = self._widens
        return self._session, self._target

    def _done(self, session: Session) -> list[Prompt]:
        return [step.prompt for each in session.log.objects for step in each.steps]

    def _answer(self, session: Session, target: Target, changes: Sequence[Change]) -> Answer:
        """What the changes did, clipped to the buffer."""
        box = hull(changes).intersection(target.box)
        if box.empty:
            return Answer(ran=True)
        inside = session.labels(box) > 0
        return Answer(ran=True, box=box, values=inside.astype(target.dtype))


def _check_amount(prompts: Sequence[Prompt]) -> None:
    """Raise PromptError if an object got more than a client's memory is meant for."""
    drawn = sum(len(p.points) for p in prompts if isinstance(p, Scribble))
    if len(prompts) > MOST_PROMPTS or drawn > MOST_DRAWN:
        raise PromptError(
            f"an object takes at most {MOST_PROMPTS} prompts and {MOST_DRAWN} voxels of scribbles, "
            f"got {len(prompts)} and {drawn}; go on from an initial segmentation"
        )
