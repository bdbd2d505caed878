"""The segmenter: each slice a picture of its own, prompts as SAM and MedSAM take them."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.geometry import Grid
from voxclick.models.base import Embedding, Memories, SliceAnswer, SliceSegmenter, Spec
from voxclick.models.sam_slices.convert import network_of
from voxclick.models.sam_slices.framing import Framing, Padded, Shown, Stretched
from voxclick.models.sam_slices.network import Asked, SamFrame
from voxclick.models.slices.clicks import FIRST_CORNER, clicks
from voxclick.models.slices.plane import Plane
from voxclick.models.weights import read_weights
from voxclick.preprocess import View
from voxclick.preprocess.intensity import window_of
from voxclick.preprocess.view import window
from voxclick.prompts import Prompt
from voxclick.types import Index3

DRAWN = 10.0
"""Logits of a mask that is given."""


@dataclass(frozen=True, eq=False)
class SeenSlice(Embedding):
    """A slice as the network sees it.

    Attributes:
        features: Of the image encoder, in half precision: 2 MiB of SAM's.
        plane: Which way up it was shown.
        shown: How it is held.
        shape: Of its view.
    """

    features: Float[Tensor, "c h w"]
    plane: Plane
    shown: Shown
    shape: Index3

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.features.nbytes


class FramedSegmenter(SliceSegmenter, ABC):
    """A network of SAM's form on the slices of a volume that have prompts, and on no others.

    Args:
        device: Where it computes.
        weights: A file that `voxclick fetch` wrote, or a network.

    Attributes:
        framing: How slices are shown to it.
    """

    framing: ClassVar[Framing]

    def __init__(self, device: torch.device, weights: Path | SamFrame) -> None:
        self.device = device
        if isinstance(weights, Path):
            weights = network_of(read_weights(weights)[0])
        self.network: SamFrame = weights.to(device).eval().requires_grad_(False)

    def slice_grid(self, grid: Grid, axis: int, index: int) -> Grid:
        """The grid of one slice, at the volume's own pixels."""
        shape, centre = list(grid.shape), (np.array(grid.shape) - 1) / 2
        shape[axis], centre[axis] = 1, index
        i, j, k = centre.tolist()
        return window(grid, grid.spacing_mm, (shape[0], shape[1], shape[2]), (i, j, k))

    def embed(self, view: View) -> SeenSlice:
        """The image encoder's features of one slice, in the window of its volume."""
        axis = view.grid.shape.index(1)
        plane = Plane.of(view.grid, axis)
        assert view.volume is not None
        bounds = window_of(view.volume)
        scaled = (plane.show(view.image) - bounds.low) / (bounds.high - bounds.low)
        grey = (scaled.clamp(0, 1) * 255).round()
        rows, columns = grey.shape
        spacing = view.grid.spacing_mm
        shown = Shown((rows, columns), (spacing[plane.rows], spacing[plane.columns]))
        frame = self.framing.frame(grey, shown, self.network.frame_size)
        features = self.network.encode(frame).to(torch.float16)
        return SeenSlice(features, plane, shown, view.grid.shape)

    def prompt(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: SliceAnswer | None = None,
        memories: Memories | None = None,
    ) -> SliceAnswer:
        """As in `SliceSegmenter`; what was found on the slice before goes in as SAM's mask."""
        assert isinstance(embedding, SeenSlice)
        asked = self._asked(embedding, prompts, None if previous is None else previous.logits)
        logits, quality = self.network.answer(embedding.features.float(), asked)
        return _answer(logits, quality)

    def draw(self, embedding: Embedding, mask: Float[Tensor, "i j k"]) -> SliceAnswer:  # noqa: D102
        assert isinstance(embedding, SeenSlice)
        sizes = (self.network.frame_size, self.network.mask_size)
        held = self.framing.gather(embedding.plane.show(mask), embedding.shown, *sizes)
        return _answer(held * DRAWN, held.new_tensor(1.0))

    def spread(  # noqa: D102
        self, embedding: Embedding, answer: SliceAnswer
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SeenSlice)
        size = self.network.frame_size
        return embedding.plane.take_back(self.framing.spread(answer.logits, embedding.shown, size))

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """The object on the view's slice."""
        drawn = None if previous is None else self.draw(embedding, previous)
        if drawn is not None and not prompts:
            return self.spread(embedding, drawn)
        return self.spread(embedding, self.prompt(embedding, prompts, drawn))

    def _asked(
        self,
        seen: SeenSlice,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "h w"] | None,
    ) -> Asked:
        pixels, labels = clicks(prompts, seen.plane, seen.shape)
        places = self.framing.places(pixels, seen.shown, self.network.frame_size).to(self.device)
        labels = labels.to(self.device)
        corners = 2 if labels[0] == FIRST_CORNER else 0
        box = places[:corners] if corners else None
        if "point" not in self.framing.takes:
            # a box that is a line on this slice comes as a click: the box around that
            around = torch.stack([places.amin(dim=0), places.amax(dim=0)])
            return Asked(places[:0], labels[:0], around if box is None else box)
        before = previous if self.framing.recalls else None
        return Asked(places[corners:], labels[corners:], box, before)


class SamSlicesSegmenter(FramedSegmenter):
    """SAM: points, boxes, and what was found before."""

    spec = Spec(name="sam_slices", prompts=Padded.takes, growths=("prompted-slices",))
    framing = Padded()


class MedSamSegmenter(FramedSegmenter):
    """MedSAM: boxes alone, each asked anew."""

    spec = Spec(name="medsam", prompts=Stretched.takes, growths=("prompted-slices",))
    framing = Stretched()


def _answer(logits: Float[Tensor, "h w"], quality: Float[Tensor, ""]) -> SliceAnswer:
    """What the engine keeps of a slice; SAM has no token and no say of its own on presence."""
    return SliceAnswer(logits, quality, logits.amax(), logits.new_zeros(0), prompted=True)
