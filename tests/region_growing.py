"""The smallest honest family: what is connected to a positive click and as bright as it.

Its answers can be computed by hand, and it counts how often it encodes.
"""

from collections.abc import Sequence

import cc3d
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.preprocess import View
from voxclick.prompts import BoxPrompt, Prompt
from voxclick.prompts.kinds import KINDS

TOLERANCE = 50.0


class SeenView(Embedding):
    """The view itself: there is nothing to encode."""

    def __init__(self, view: View) -> None:
        self.view = view

    @property
    def nbytes(self) -> int:
        return int(self.view.image.nbytes)


class RegionGrowing(Segmenter):
    """Grows from positive prompts, or from the mask so far, over intensities within 50."""

    spec = Spec("region_growing", frozenset(KINDS), patch=(24, 24, 24), refinements=6)

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.encoded = 0

    def embed(self, view: View) -> SeenView:
        self.encoded += 1
        return SeenView(view)

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SeenView)
        image = embedding.view.image.numpy()
        inside = np.zeros(image.shape, dtype=np.bool_)
        if previous is not None and (previous >= 0.5).any():
            before = previous.numpy() >= 0.5
            parts = _alike(image, float(np.median(image[before])))
            inside = np.isin(parts, np.setdiff1d(parts[before], [0]))
        for prompt in prompts:
            if prompt.positive and not isinstance(prompt, BoxPrompt):
                inside = inside | self._region(embedding.view, image, prompt)
        return torch.from_numpy(np.where(inside, 4.0, -4.0).astype(np.float32))

    def _region(self, view: View, image: np.ndarray, prompt: Prompt) -> np.ndarray:
        voxels = prompt.voxels()
        first = tuple(voxels[view.grid.contains(voxels.astype(np.float64))][0])
        parts = _alike(image, image[first])
        return parts == parts[first]


def _alike(image: np.ndarray, brightness: float) -> np.ndarray:
    alike = np.abs(image - brightness) < TOLERANCE
    return cc3d.connected_components(alike.astype(np.uint8), connectivity=6)
