"""The smallest honest family that goes slice by slice: as bright as the click, and in touch.

Its answers can be computed by hand, and it keeps count of what it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.geometry import Grid
from voxclick.models.base import (
    Embedding,
    Memories,
    SliceAnswer,
    SliceMemory,
    SliceTracker,
    Spec,
)
from voxclick.preprocess import View
from voxclick.prompts import BoxPrompt, Prompt
from voxclick.prompts.kinds import KINDS

TOLERANCE = 50.0


@dataclass(frozen=True, eq=False)
class SeenSlice(Embedding):
    """The slice itself."""

    image: np.ndarray
    axis: int

    @property
    def nbytes(self) -> int:
        return int(self.image.nbytes)


@dataclass(frozen=True, eq=False)
class Seen(SliceMemory):
    """Where the object was, and how bright."""

    mask: np.ndarray
    brightness: float

    @property
    def nbytes(self) -> int:
        return int(self.mask.nbytes)


class SliceGrowing(SliceTracker):
    """Grows on a slice from clicks, and on the next from where it was."""

    spec = Spec(
        "slice_growing",
        frozenset(KINDS),
        growths=("slices", "slices-published", "slices-up", "prompted-slices"),
    )

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.encoded = 0
        self.tracked: list[int] = []
        self.prompted: list[int] = []
        self.recalled: list[tuple[int, ...] | None] = []

    def slice_grid(self, grid: Grid, axis: int, index: int) -> Grid:
        shape, start = list(grid.shape), np.zeros(3)
        shape[axis], start[axis] = 1, index
        shift = np.eye(4)
        shift[:3, 3] = start
        return Grid((shape[0], shape[1], shape[2]), grid.affine @ shift)

    def embed(self, view: View) -> SeenSlice:
        self.encoded += 1
        axis = int(np.argmin(view.image.shape))
        return SeenSlice(view.image.numpy().squeeze(axis), axis)

    def prompt(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: SliceAnswer | None = None,
        memories: Memories | None = None,
    ) -> SliceAnswer:
        assert isinstance(embedding, SeenSlice)
        self.prompted.append(len(prompts))
        self.recalled.append(None if memories is None else tuple(memories.prompted))
        image = embedding.image
        inside = np.zeros(image.shape, dtype=np.bool_)
        if previous is not None:
            inside |= previous.logits.numpy() > 0
        for one in prompts:
            voxels = one.voxels() if not isinstance(one, BoxPrompt) else _middle(one)
            places = np.delete(voxels, embedding.axis, axis=1)
            part = _part(image, float(image[tuple(places[0])]), places[0])
            inside = inside | part if one.positive else inside & ~part
        return _answer(inside)

    def draw(self, embedding: Embedding, mask: Float[Tensor, "i j k"]) -> SliceAnswer:
        assert isinstance(embedding, SeenSlice)
        return _answer(mask.numpy().squeeze(embedding.axis) >= 0.5)

    def track(self, embedding: Embedding, memories: Memories) -> SliceAnswer:
        assert isinstance(embedding, SeenSlice)
        self.tracked.append(memories.index)
        beside = memories.index - memories.step
        memory = memories.tracked.get(beside) or memories.prompted.get(beside)
        assert isinstance(memory, Seen)
        parts = _parts(embedding.image, memory.brightness)
        return _answer(np.isin(parts, np.setdiff1d(parts[memory.mask], [0])))

    def remember(self, embedding: Embedding, answer: SliceAnswer) -> Seen:
        assert isinstance(embedding, SeenSlice)
        mask = answer.logits.numpy() > 0
        bright = float(np.median(embedding.image[mask])) if mask.any() else 1e9
        return Seen(mask, bright)

    def spread(self, embedding: Embedding, answer: SliceAnswer) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SeenSlice)
        return answer.logits.unsqueeze(embedding.axis)

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        before = None if previous is None else self.draw(embedding, previous)
        return self.spread(embedding, self.prompt(embedding, prompts, before))


def _answer(inside: np.ndarray) -> SliceAnswer:
    logits = torch.from_numpy(np.where(inside, 4.0, -4.0).astype(np.float32))
    there = torch.tensor(1.0 if inside.any() else -1.0)
    return SliceAnswer(logits, torch.tensor(0.9), there, torch.zeros(1), prompted=True)


def _middle(box: BoxPrompt) -> np.ndarray:
    region = box.region
    return (np.array([region.start]) + np.array([region.stop]) - 1) // 2


def _part(image: np.ndarray, brightness: float, place: np.ndarray) -> np.ndarray:
    parts = _parts(image, brightness)
    return parts == parts[tuple(place)]


def _parts(image: np.ndarray, brightness: float) -> np.ndarray:
    alike = np.abs(image - brightness) < TOLERANCE
    return cc3d.connected_components(alike.astype(np.uint8), connectivity=4)
