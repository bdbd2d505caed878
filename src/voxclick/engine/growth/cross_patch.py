"""Go on from patch to patch, where the object reaches the border: CT-SAM3D's cross-patch prompts.

Source: CT-SAM3D, arXiv 2403.15063, overview figure, part D: the patch around the click prompts its
26 neighbours. Where neighbours lie, when they are taken, how answers meet and when to stop is not
published: what stands here is ours.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from voxclick.engine.growth.blend import Blend
from voxclick.engine.object_state import Look, ObjectState, Record
from voxclick.engine.predict import Answer, Model, first_look, focus_of, snapped
from voxclick.engine.strategy import Step, Strategy
from voxclick.geometry import Box, Grid
from voxclick.models.base import CrossPatch
from voxclick.preprocess import View
from voxclick.prompts import Point, Prompt
from voxclick.types import Array, Index3
from voxclick.volume import Blocks

STRIDE = 5 / 8
"""Distance of neighbouring patches, as a share of their width: three eighths are seen by both."""

RIM = 1 / 16
"""An object that gained voxels in the outer part of a patch (this share of its width) goes on."""

FEWEST = 8
"""Voxels in the rim that are worth a neighbour."""

PEAK = 0.25
"""The least height of a heat map's peak that becomes a click; a click's own height is 1."""

AGREE = 0.6
"""Least Dice of a neighbour's answer with the object so far, where both patches see; an answer that
contradicts what led to it is left out, and nothing goes on from it."""

PATCHES = 40
"""Neighbours that one prompt may visit; 40 patches of 96 mm hold a liver."""

OFFSETS: tuple[Index3, ...] = tuple(
    (i, j, k) for i, j, k in product((-1, 0, 1), repeat=3) if (i, j, k) != (0, 0, 0)
)


@dataclass(order=True)
class Candidate:
    """A neighbour to visit: the one that most of the object reaches into comes first.

    Attributes:
        urgency: Minus the voxels in the rim towards it.
        number: When it was found, so that order never depends on chance.
        look: Its view.
        answer: Of the patch that it continues.
    """

    urgency: int
    number: int
    look: Look = field(compare=False)
    answer: Answer = field(compare=False)


class CrossPatchGrowth(Strategy):
    """Growth by neighbouring patches at the finest spacing, each prompted by the one before."""

    def answer(self, model: Model, state: ObjectState, record: Record) -> Iterator[Step]:
        """As in `Strategy`.

        The patch around the prompt is answered first. Where the object gained voxels at its rim,
        the neighbours there follow, the fullest rim first. A neighbour is given the click at the
        peak of its heat map and the object's mask so far; one whose heat map has no peak is left
        out. Answers are blended where they overlap.
        """
        look = _first_patch(model, state, record.prompt)
        corrects = len(state.done) > 1
        blend, queue, seen = Blend(corrects), list[Candidate](), {_key(look.grid)}
        found = model.decode(look, state.prompts, state.claim if corrects else None)
        state.look = record.look_after = look
        _enqueue(queue, seen, model, found)
        yield Step(_write(blend, state, found), last=not queue)
        visited = 0
        while queue:
            candidate = heapq.heappop(queue)
            prompts = _prompts(model, state, candidate)
            if prompts is None:
                if not queue:
                    yield Step(Box.EMPTY, last=True)
                continue
            found, visited = model.decode(candidate.look, prompts, state.claim), visited + 1
            changed = Box.EMPTY
            if _agrees(found, candidate.answer, state.claim):
                _enqueue(queue, seen, model, found)
                changed = _write(blend, state, found)
            if visited == PATCHES:
                queue.clear()
            yield Step(changed, last=not queue)

    def likely(self, model: Model, state: ObjectState) -> Iterator[Grid]:  # noqa: D102
        if state.look is None or not state.done:
            return
        yield _first_patch(model, state, state.done[-1].prompt).grid
        for offset in OFFSETS:
            if (beside := _beside(model, state.look.grid, offset)) is not None:
                yield beside


def _first_patch(model: Model, state: ObjectState, prompt: Prompt) -> Look:
    """The patch around the prompt at the finest spacing, or the last one if it is in there."""
    look = first_look(model, state, prompt)
    if look.level == 0:
        return look
    return Look(model.spec.look(model.volume.grid, snapped(focus_of(prompt), model, 0), 0), 0)


def _write(blend: Blend, state: ObjectState, found: Answer) -> Box:
    return state.write(*blend.add(found.view, torch.sigmoid(found.logits), state.claim))


def _agrees(found: Answer, before: Answer, claim: Bool[Array, "i j k"] | Blocks) -> bool:
    """Whether a neighbour sees the object where the patch that led to it saw it."""
    both = found.view.box.intersection(before.view.box)
    if both.empty:
        return True
    known: Array = claim[both.slices]
    seen = (found.view.restore(found.logits, both).logits > 0).cpu().numpy()
    total = int(known.sum()) + int(seen.sum())
    return total == 0 or 2 * int((known & seen).sum()) >= AGREE * total


def _enqueue(queue: list[Candidate], seen: set[bytes], model: Model, found: Answer) -> None:
    """Put the neighbours in line that the object reaches into."""
    if not model.widens:
        return
    gained = found.gained.cpu().numpy()
    for offset in OFFSETS:
        reaching = int(np.count_nonzero(gained[_rim(gained, offset)]))
        if reaching < FEWEST:
            continue
        beside = _beside(model, found.look.grid, offset)
        if beside is not None and _key(beside) not in seen:
            seen.add(_key(beside))
            heapq.heappush(queue, Candidate(-reaching, len(seen), Look(beside, 0), found))


def _rim(mask: Bool[Array, "i j k"], offset: Index3) -> tuple[slice, slice, slice]:
    """The outer part of a patch towards a neighbour."""
    parts = []
    for size, side in zip(mask.shape, offset, strict=True):
        width = max(1, round(RIM * size))
        parts.append((slice(size - width, size), slice(0, size), slice(0, width))[1 - side])
    return (parts[0], parts[1], parts[2])


def _beside(model: Model, grid: Grid, offset: Index3) -> Grid | None:
    """The neighbour of a patch; None where the volume ends before it."""
    native = model.volume.grid
    steps = np.array(grid.spacing_mm) / np.array(native.spacing_mm)
    corner = native.to_voxel(grid.to_ras(np.zeros((1, 3))))[0]
    middle = corner + (np.array(grid.shape) - 1) / 2 * steps
    wanted = middle + np.array(offset) * STRIDE * np.array(grid.shape) * steps
    i, j, k = np.clip(np.round(wanted), 0, np.array(native.shape) - 1).astype(int)
    beside = model.spec.look(native, Box((i, j, k), (i + 1, j + 1, k + 1)), 0)
    reached = native.to_voxel(beside.to_ras(np.zeros((1, 3))))[0]
    moved = (reached - corner) * np.array(offset) / (steps * np.array(grid.shape))
    least = RIM * np.abs(np.array(offset))
    return beside if (moved >= least).all() else None


def _prompts(model: Model, state: ObjectState, candidate: Candidate) -> list[Prompt] | None:
    """The object's prompts and the click for this neighbour; None if nothing of it is there.

    Where the segmenter has no heat map, the mask so far alone says how the object goes on.
    """
    segmenter, prompts = model.segmenter, state.prompts
    if not isinstance(segmenter, CrossPatch):
        return prompts
    _, here = model.cache.embed(model.volume, segmenter, candidate.answer.look.grid)
    view, there = model.cache.embed(model.volume, segmenter, candidate.look.grid)
    with torch.inference_mode():
        heat = segmenter.heat(here, (candidate.answer.logits > 0).float(), there)
    if heat is None:
        return prompts
    click = _peak(view, heat)
    return None if click is None else [*prompts, click]


def _peak(view: View, heat: Float[Tensor, "i j k"]) -> Point | None:
    """The highest place of the heat map in the volume, in native indices, if it is high enough."""
    inside = view.inside
    part = heat[inside.slices].float().cpu().numpy()
    if part.size == 0 or part.max() < PEAK:
        return None
    place = np.array(np.unravel_index(int(part.argmax()), part.shape)) + np.array(inside.start)
    i, j, k = view.native.to_voxel(view.grid.to_ras(place[None].astype(np.float64)))[0]
    return Point((float(i), float(j), float(k)))


def _key(grid: Grid) -> bytes:
    return grid.affine.tobytes()
