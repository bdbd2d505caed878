"""From an object's prompts to native voxels: where to look, look wider, paste what changed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import max_pool3d

from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.object_state import Look, ObjectState
from voxclick.engine.portion import portions
from voxclick.geometry import Box
from voxclick.models.base import Segmenter, Spec
from voxclick.preprocess import View
from voxclick.prompts import BoxPrompt, Prompt
from voxclick.types import Array
from voxclick.volume import Blocks, Volume

CORE = 1 / 8
"""A prompt in the outer part of a view (this share of its width) is looked at anew, centred."""

FILL = 0.7
"""A prompt may fill this share of a view, so that its surroundings are seen too."""

FACE_SHARE = 0.005
"""A mask on this share of a face of the view asks for a wider one."""


@dataclass(frozen=True, eq=False)
class Model:
    """A segmenter on one volume, with the cache of what it encoded.

    Attributes:
        volume: What it looks at.
        segmenter: Which looks.
        cache: What it encoded.
        widens: Whether it looks wider where an object outgrows the view.
    """

    volume: Volume
    segmenter: Segmenter
    cache: EmbeddingCache
    widens: bool = True

    @property
    def spec(self) -> Spec:
        """How the segmenter looks at volumes."""
        return self.segmenter.spec

    def decode(
        self, look: Look, prompts: list[Prompt], claim: Bool[Array, "i j k"] | Blocks | None
    ) -> "Answer":
        """The segmenter's answer in a view, given the object's mask so far (None: a new object)."""
        view, embedding = self.cache.embed(self.volume, self.segmenter, look.grid)
        with torch.inference_mode():
            previous = None if claim is None else view.read(claim, self.segmenter.device)
            logits = self.segmenter.decode(embedding, view.take(prompts), previous)
        return Answer(look, view, logits, previous)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a segmenter said of one view.

    Attributes:
        look: Which view.
        view: The view itself.
        logits: On the view's grid.
        previous: The object's mask before, on the view's grid; None for a new object.
    """

    look: Look
    view: View
    logits: Float[Tensor, "i j k"]
    previous: Float[Tensor, "i j k"] | None

    @property
    def gained(self) -> Bool[Tensor, "i j k"]:
        """The view voxels that came to the object."""
        inside = self.logits > 0
        return inside if self.previous is None else inside & (self.previous < 0.5)

    def reaches_border(self, margin: int) -> bool:
        """Whether the object grew up to a face of the view behind which the volume goes on."""
        gained = self.gained
        box, native = self.view.box, self.view.native.shape
        for axis in range(3):
            size = gained.shape[axis]
            width = min(margin, max(1, size // 4))
            ends = ((box.start[axis] > 0, 0), (box.stop[axis] < native[axis], size - width))
            for goes_on, first in ends:
                near = gained.narrow(axis, first, width).any(dim=axis)
                if goes_on and int(near.sum()) > FACE_SHARE * near.numel():
                    return True
        return False

    def patches(
        self, claim: Bool[Array, "i j k"] | Blocks, coarse: bool
    ) -> Iterator[tuple[Box, Array]]:
        """The object's new mask on native voxels, with their box; a huge one in portions.

        A coarse answer touches only what it changed, so that it never undoes what finer looks
        found before.

        Args:
            claim: The object's mask so far.
            coarse: Whether finer looks may have been here before.
        """
        inside = self.logits > 0
        differs = inside
        if self.previous is not None:
            before = self.previous >= 0.5
            differs = (inside != before) if coarse else (inside | (self.previous > 0))
        box = self.view.native_box(_grown(_box_of(differs)))
        if box.empty:
            yield Box.EMPTY, np.zeros((0, 0, 0), dtype=np.bool_)
            return
        wide = None
        if coarse and self.previous is not None:
            wide = max_pool3d(differs[None, None].float(), 3, stride=1, padding=1)[0, 0]
        for part in portions(box):
            mask: Array = (self.view.restore(self.logits, part).logits > 0).cpu().numpy()
            if wide is not None:
                touched: Array = (self.view.restore(wide, part).logits > 0.5).cpu().numpy()
                mask = np.where(touched, mask, claim[part.slices])
            yield part, mask


def first_look(model: Model, state: ObjectState, prompt: Prompt) -> Look:
    """Where to look for the newest prompt: the last view if the prompt lies well inside it."""
    grid, spec, focus = model.volume.grid, model.spec, focus_of(prompt)
    if state.look is not None and _well_inside(focus, state.look, model):
        return state.look
    level = spec.start if state.look is None else state.look.level
    while level + 1 < spec.levels(grid) and not _fits(focus, model, level):
        level += 1
    return Look(spec.look(grid, snapped(focus, model, level), level), level)


def wider_look(model: Model, answer: Answer, prompt: Prompt) -> Look | None:
    """The next coarser view around the answer; None where there is none wider."""
    level, spec = answer.look.level + 1, model.spec
    if not model.widens or level >= spec.levels(model.volume.grid):
        return None
    focus = focus_of(prompt).union(answer.view.native_box(_box_of(answer.logits > 0)))
    return Look(spec.look(model.volume.grid, snapped(focus, model, level), level), level)


def focus_of(prompt: Prompt) -> Box:
    """The native voxels that a prompt is about."""
    if isinstance(prompt, BoxPrompt):
        return prompt.region
    return Box.around(prompt.voxels())


def _fits(focus: Box, model: Model, level: int) -> bool:
    native = model.volume.grid.spacing_mm
    window = np.array(model.spec.spacing_mm(model.volume.grid, level)) * model.spec.patch
    return bool((np.array(focus.shape) * native <= FILL * window).all())


def snapped(focus: Box, model: Model, level: int) -> Box:
    """One voxel near the middle of the focus, on a lattice a quarter of a view wide.

    Prompts near each other, of any object, so get one view, which is encoded once.
    """
    spacing = np.array(model.spec.spacing_mm(model.volume.grid, level))
    cell = np.array(model.spec.patch) * spacing / model.volume.grid.spacing_mm / 4
    middle = (np.array(focus.start) + np.array(focus.stop) - 1) / 2
    i, j, k = np.floor((np.floor(middle / cell) + 0.5) * cell).astype(int)
    return Box((i, j, k), (i + 1, j + 1, k + 1))


def _well_inside(focus: Box, look: Look, model: Model) -> bool:
    """Whether a focus lies in the core of a view; the volume's own border is no border."""
    shape = model.volume.grid.shape
    steps = np.array(look.grid.spacing_mm) / np.array(model.volume.grid.spacing_mm)
    first = model.volume.grid.to_voxel(look.grid.to_ras(np.zeros((1, 3))))[0] - steps / 2
    extent = steps * look.grid.shape
    for axis in range(3):
        margin = CORE * extent[axis]
        low, high = first[axis], first[axis] + extent[axis]
        if low > 0 and focus.start[axis] < low + margin:
            return False
        if high < shape[axis] - 0.5 and focus.stop[axis] > high - margin:
            return False
    return True


def _box_of(mask: Bool[Tensor, "i j k"]) -> Box:
    return Box.of_mask(mask.cpu().numpy())


def _grown(box: Box) -> Box:
    return box if box.empty else box.padded(1)
