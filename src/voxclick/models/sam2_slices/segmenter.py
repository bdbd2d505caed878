"""The segmenter: slices of a volume as frames, prompts as clicks on them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from voxclick.geometry import Grid
from voxclick.models.base import Embedding, Memories, SliceAnswer, SliceTracker, Spec
from voxclick.models.sam2_slices.convert import from_header
from voxclick.models.sam2_slices.frames import frame, frame_mask
from voxclick.models.sam2_slices.memory import Sam2Memory
from voxclick.models.sam2_slices.network import SliceFeatures, SliceNetwork
from voxclick.models.slices.clicks import clicks
from voxclick.models.slices.plane import Plane, slice_grid
from voxclick.models.weights import read_weights
from voxclick.preprocess import View
from voxclick.preprocess.intensity import window_of
from voxclick.prompts import Prompt
from voxclick.types import Index3


@dataclass(frozen=True, eq=False)
class SeenSlice(Embedding):
    """A slice as the network sees it.

    Attributes:
        features: Of the image encoder, in bfloat16.
        plane: Which way up it was shown.
        shape: Of its view.
    """

    features: SliceFeatures
    plane: Plane
    shape: Index3

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.features.nbytes


class Sam2SlicesSegmenter(SliceTracker):
    """SAM 2, 2.1, MedSAM2 or EdgeTAM on the slices of a volume.

    Args:
        device: Where it computes; in bfloat16 on a GPU, as the authors do.
        weights: A file that `voxclick fetch` wrote, or a network.
        image_size: Frames of other sizes than those the weights were trained on.
    """

    spec = Spec(
        name="sam2_slices",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
        growths=("slices", "slices-published", "slices-up", "slices-down", "prompted-slices"),
    )

    def __init__(
        self, device: torch.device, weights: Path | SliceNetwork, image_size: int | None = None
    ) -> None:
        self.device = device
        if isinstance(weights, Path):
            weights = from_header(*read_weights(weights), image_size)
        self.network: SliceNetwork = weights.to(device).eval().requires_grad_(False)

    def slice_grid(self, grid: Grid, axis: int, index: int) -> Grid:  # noqa: D102
        return slice_grid(grid, axis, index, self.network.frame_size)

    def embed(self, view: View) -> SeenSlice:
        """The image encoder's features of one slice, in the window of its volume.

        What lies beyond the volume is black.
        """
        axis = view.grid.shape.index(1)
        assert view.volume is not None
        window = window_of(view.volume)
        shown = (view.image - window.low) / (window.high - window.low)
        grey = torch.zeros_like(shown)
        grey[view.inside.slices] = shown[view.inside.slices].clamp(0, 1) * 255
        plane = Plane.of(view.grid, axis)
        frames = frame(plane.show(grey).round().to(torch.uint8), self.network.frame_size)
        with self._precision():
            features = self.network.embed_slice(frames)
        return SeenSlice(features.to(torch.bfloat16), plane, view.grid.shape)

    def prompt(  # noqa: D102  (as in SliceSegmenter)
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: SliceAnswer | None = None,
        memories: Memories | None = None,
    ) -> SliceAnswer:
        assert isinstance(embedding, SeenSlice)
        before = None if previous is None else previous.logits
        return self._prompt(embedding, prompts, before, memories)

    def draw(self, embedding: Embedding, mask: Float[Tensor, "i j k"]) -> SliceAnswer:  # noqa: D102
        assert isinstance(embedding, SeenSlice)
        shown = frame_mask(embedding.plane.show(mask), self.network.frame_size)
        with self._precision():
            return self.network.draw(embedding.features, shown)

    def track(self, embedding: Embedding, memories: Memories) -> SliceAnswer:  # noqa: D102
        assert isinstance(embedding, SeenSlice)
        with self._precision():
            return self.network.track(embedding.features, memories)

    def remember(self, embedding: Embedding, answer: SliceAnswer) -> Sam2Memory:  # noqa: D102
        assert isinstance(embedding, SeenSlice)
        with self._precision():
            return self.network.remember(embedding.features, answer)

    def spread(  # noqa: D102
        self, embedding: Embedding, answer: SliceAnswer
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SeenSlice)
        size = (embedding.shape[embedding.plane.rows], embedding.shape[embedding.plane.columns])
        logits = answer.logits[None, None].float()
        shown = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
        return embedding.plane.take_back(shown[0, 0])

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """The object on the view's slice alone, without memories of others."""
        assert isinstance(embedding, SeenSlice)
        drawn = None if previous is None else self.draw(embedding, previous)
        if drawn is not None and not prompts:
            return self.spread(embedding, drawn)
        before = None if drawn is None else drawn.logits
        return self.spread(embedding, self._prompt(embedding, prompts, before, None))

    def _prompt(
        self,
        seen: SeenSlice,
        prompts: Sequence[Prompt],
        before: Float[Tensor, "h w"] | None,
        memories: Memories | None,
    ) -> SliceAnswer:
        points, labels = clicks(prompts, seen.plane, seen.shape)
        scaled = points * (self.network.frame_size / max(seen.shape))
        with self._precision():
            return self.network.prompt(
                seen.features, scaled.to(self.device), labels.to(self.device), before, memories
            )

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda")
