"""Where to look next: where the mask is likely wrong, deep enough that a click there tells much.

Two things make a place worth a click: that the mask is wrong there, and that much changes when it
is told. The first is estimated from the model's logits and from where the place lies; an error so
deep beside the mask's surface belongs to a large one, so depth stands for the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter
from scipy.special import expit, logit

from voxclick.engine.object_state import ObjectState, Record
from voxclick.engine.predict import Model, first_look
from voxclick.engine.track import LOST
from voxclick.models.base import SliceSegmenter
from voxclick.preprocess import View
from voxclick.prompts import BoxPrompt, Point, Prompt, Scribble, Suggestion
from voxclick.types import Array, Index3

INSIDE = (2.41, 0.41, 0.30, 1.02, -3.68, -0.11, 0.16)
OUTSIDE = (-2.54, 0.10, 0.39, -0.90, -0.03, 0.82, -0.20)
"""What the logit of an error, in the mask and beside it, is made of: a constant, the logit against
what the mask says, the same of the probability around, log and linear depth, log distances to the
nearest positive and negative click. Lengths are in radii of the object. Fitted by
`benchmarks.suggestion_weights` to `builtin` and `geodesic`, on data that may train."""

AROUND = 0.3
"""Probabilities are averaged over this share of the radius; the chance of an error over a third."""

REACH = 2.0
"""Places deeper than so many radii are not looked at."""

APART = 0.3
"""A place lies so many radii from every click and from every place that was looked at."""

SURE = 8.0
"""Logits beyond say nothing more."""


def suggest(model: Model, state: ObjectState, seen: Sequence[Index3]) -> Suggestion | None:
    """The place of an object's last view that most deserves a look; None where there is none.

    Of what the object claims: another object may own the place.

    Args:
        model: The segmenter on its volume.
        state: The object.
        seen: Voxels that the user looked at and found right.
    """
    if not state.done or state.bounds.empty:
        return None
    belief = belief_of(model, state)
    if belief is None or not belief.mask.any():
        return None
    doubt = belief.doubt(state.prompts)
    shares = [_share_wrong(state, seen, inside) for inside in (False, True)]
    doubt = np.clip(doubt * np.where(belief.mask, shares[1], shares[0]), 0, 1)
    worth = belief.average(doubt, AROUND / 3) * belief.depth
    worth[~belief.open_places(state.prompts, seen)] = 0
    place = np.unravel_index(int(worth.argmax()), worth.shape)
    if worth[place] <= 0:
        return None
    at = _native(belief.view, np.array(place))
    return Suggestion(at, not bool(state.claim[at]), float(doubt[place]))


@dataclass(frozen=True, eq=False)
class Belief:
    """What a model says of a view, beside the mask that came of it.

    Attributes:
        view: The view.
        logits: Of the object, on the view's grid.
        mask: On the view's grid.
        radius_mm: Of a ball as large as the mask.
        depth: Distance to the mask's surface, from either side, in radii.
    """

    view: View
    logits: Float[Array, "i j k"]
    mask: Bool[Array, "i j k"]
    radius_mm: float
    depth: Float[Array, "i j k"]

    @classmethod
    def of(cls, view: View, logits: Float[Array, "i j k"], mask: Bool[Array, "i j k"]) -> "Belief":
        """The logits and the mask of a view, which holds some of the object."""
        voxels = max(int(mask.sum()), 27)
        radius = float((voxels * view.grid.voxel_volume_mm3 * 0.75 / np.pi) ** (1 / 3))
        steps = view.grid.spacing_mm
        inner = edt.edt(np.ascontiguousarray(mask), anisotropy=steps)
        outer = edt.edt(np.ascontiguousarray(~mask), anisotropy=steps)
        return cls(view, logits, mask, radius, np.where(mask, inner, outer) / radius)

    def average(self, values: Float[Array, "i j k"], share: float) -> Float[Array, "i j k"]:
        """Values averaged over a share of the radius."""
        steps = np.array(self.view.grid.spacing_mm)
        width = np.maximum(share * self.radius_mm, 0.5 * steps.min()) / steps
        averaged: Array = gaussian_filter(values, width, mode="nearest")
        return averaged

    def terms(self, prompts: Sequence[Prompt]) -> list[Float[Array, "i j k"]]:
        """What speaks for an error, voxel by voxel: what `INSIDE` and `OUTSIDE` weight."""
        against = np.where(self.mask, -1.0, 1.0)
        logits = np.clip(self.logits, -SURE, SURE).astype(np.float64)
        around = np.clip(self.average(expit(logits), AROUND), 0.002, 0.998)
        depth = np.minimum(self.depth, 4)
        near = [np.log(self._distance(self._marks(prompts, sign)) + 0.05) for sign in (True, False)]
        ones = np.ones(self.mask.shape)
        return [ones, against * logits, against * logit(around), np.log(depth + 0.05), depth, *near]

    def doubt(self, prompts: Sequence[Prompt]) -> Float[Array, "i j k"]:
        """How likely the mask is wrong, voxel by voxel."""
        terms = self.terms(prompts)
        sides = [sum(w * t for w, t in zip(ws, terms, strict=True)) for ws in (INSIDE, OUTSIDE)]
        doubt: Array = expit(np.where(self.mask, sides[0], sides[1]))
        return doubt

    def open_places(
        self, prompts: Sequence[Prompt], seen: Sequence[Index3]
    ) -> Bool[Array, "i j k"]:
        """Where nobody looked yet: inside the volume, in reach, apart from all that is known."""
        looked = self.view.take([Point((float(i), float(j), float(k))) for i, j, k in seen])
        known = [self._marks(prompts, True), self._marks(prompts, False), self._marks(looked, True)]
        within = np.zeros(self.mask.shape, dtype=np.bool_)
        within[self.view.inside.slices] = True
        apart = self._distance(np.concatenate(known)) > APART
        return within & apart & (self.depth < REACH)

    def _marks(self, prompts: Sequence[Prompt], positive: bool) -> Int[Array, "n 3"]:
        """Voxels of the view that points and strokes of one sign mark."""
        clicks = [p for p in prompts if isinstance(p, Point | Scribble) and p.positive == positive]
        marks: Array = np.concatenate(
            [np.zeros((0, 3), dtype=np.int64), *(p.voxels() for p in clicks)]
        )
        inside: Array = marks[((marks >= 0) & (marks < self.mask.shape)).all(axis=1)]
        return inside

    def _distance(self, marks: Int[Array, "n 3"]) -> Float[Array, "i j k"]:
        """Distance to the nearest mark, in radii, 3 at most."""
        if not len(marks):
            return np.full(self.mask.shape, 3.0)
        away = np.ones(self.mask.shape, dtype=np.bool_)
        away[tuple(marks.T)] = False
        distance = edt.edt(away, anisotropy=self.view.grid.spacing_mm) / self.radius_mm
        capped: Array = np.minimum(distance, 3.0)
        return capped


def belief_of(model: Model, state: ObjectState) -> Belief | None:
    """What the model says of the view that the object was last seen through.

    Of an object that is found slice by slice, it is the slice that the model is least sure of among
    those with some of it, one without prompts if there is any.
    """
    if isinstance(model.segmenter, SliceSegmenter):
        return _belief_of_slice(model, model.segmenter, state)
    look = state.look
    if look is None:
        start, stop = state.bounds.start, state.bounds.stop
        look = first_look(model, state, BoxPrompt(_vector(start), _vector(stop)))
    answer = model.decode(look, state.prompts, state.claim)
    assert answer.previous is not None
    mask = (answer.previous >= 0.5).cpu().numpy()
    return Belief.of(answer.view, answer.logits.float().cpu().numpy(), mask)


def _belief_of_slice(model: Model, segmenter: SliceSegmenter, state: ObjectState) -> Belief | None:
    track = state.track
    if track is None or track is LOST or not track.found:
        return None
    scores = track.scores()
    ranked = sorted(zip(scores.quality, scores.numbers, strict=True))
    held = [number for _, number in ranked if not track.found[number].empty]
    unasked = [number for number in held if number not in scores.prompted]
    if not held:
        return None
    number = (unasked or held)[0]
    grid = segmenter.slice_grid(model.volume.grid, track.axis, number)
    view, embedding = model.cache.embed(model.volume, segmenter, grid)
    with torch.inference_mode():
        logits = segmenter.spread(embedding, track.found[number].answer)
        mask = view.read(state.claim, segmenter.device) >= 0.5
    return Belief.of(view, logits.float().cpu().numpy(), mask.cpu().numpy())


def _share_wrong(state: ObjectState, seen: Sequence[Index3], inside: bool) -> float:
    """How much likelier errors of one side are than usual, from what was looked at so far.

    A click after the first that changed its own voxel found an error; one that did not, and a
    place that was looked at, found none.
    """
    wrong = right = 0
    for record in state.done[1:]:
        if isinstance(record.prompt, Point):
            flipped = _flipped(record)
            if (record.prompt.positive != flipped) == inside:
                wrong, right = wrong + flipped, right + (not flipped)
    right += sum(bool(state.claim[at]) == inside for at in seen)
    return 2 * (wrong + 0.5) / (wrong + right + 1)


def _flipped(record: Record) -> bool:
    """Whether a click changed its own voxel."""
    i, j, k = (int(n) for n in record.prompt.voxels()[0])
    count = 0
    for delta in record.deltas:
        start, stop = delta.box.start, delta.box.stop
        if all(a <= n < b for a, n, b in zip(start, (i, j, k), stop, strict=True)):
            count += int(delta.bits()[i - start[0], j - start[1], k - start[2]])
    return count % 2 == 1


def _native(view: View, place: Int[Array, "3"]) -> Index3:
    """The voxel of the volume that a voxel of a view lies in."""
    at = view.native.to_voxel(view.grid.to_ras(place[None].astype(np.float64)))[0]
    i, j, k = np.clip(np.round(at), 0, np.array(view.native.shape) - 1).astype(int)
    return (int(i), int(j), int(k))


def _vector(index: Index3) -> tuple[float, float, float]:
    i, j, k = index
    return (float(i), float(j), float(k))
