"""The segmenter: what a view looks like once, then a geodesic race at each prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.geodesic.features import features, normalised, smoothed
from voxclick.models.geodesic.race import Scene, score
from voxclick.models.geodesic.seeds import gather
from voxclick.preprocess import View
from voxclick.prompts import Prompt
from voxclick.types import Array

DRAWN = 1500
"""Voxels drawn from a view, for what the background looks like."""


@dataclass(frozen=True, eq=False)
class SceneEmbedding(Embedding):
    """A view as the race sees it.

    Attributes:
        scene: Intensities and features.
    """

    scene: Scene

    @property
    def nbytes(self) -> int:  # noqa: D102
        scene = self.scene
        arrays = (scene.intensity, scene.table, scene.drawn, scene.cut)
        return sum(int(array.nbytes) for array in arrays)


class GeodesicSegmenter(Segmenter):
    """Appearance learnt at each prompt, and a geodesic race from positive and negative ones.

    Computes on the CPU in float32, and gives its logits on the device asked for.

    Args:
        device: Where logits are wanted.

    Source: Bai and Sapiro, ICCV 2007 (likelihoods and geodesic distances); Criminisi et al.,
    ECCV 2008 (raster sweeps).
    """

    spec: ClassVar[Spec] = Spec(
        name="geodesic",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
    )

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def embed(self, view: View) -> SceneEmbedding:  # noqa: D102  (as in Segmenter)
        spacing = np.array(view.grid.spacing_mm)
        i, j, k = (spacing / spacing.min()).tolist()
        image = view.image.detach().to("cpu", torch.float32).numpy()
        intensity = smoothed(normalised(image), 0.6, (i, j, k))
        generator = np.random.default_rng(0)
        count = min(DRAWN, intensity.size)
        drawn = np.sort(generator.choice(intensity.size, count, replace=False))
        table = features(intensity, (i, j, k))
        return SceneEmbedding(Scene(intensity, table, drawn, (i, j, k), _cut_faces(view)))

    def decode(  # noqa: D102  (as in Segmenter)
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SceneEmbedding)
        scene = embedding.scene
        before = None
        if previous is not None:
            before = previous.detach().to("cpu", torch.float32).numpy()
        seeds = gather(prompts, scene.intensity, scene.lengths)
        found = np.ascontiguousarray(score(scene, seeds, before))
        return torch.from_numpy(found).to(self.device)


def _cut_faces(view: View) -> Bool[Array, "i j k"]:
    """The voxels on faces of the view behind which the volume goes on."""
    cut = np.zeros(view.grid.shape, dtype=np.bool_)
    for axis in range(3):
        layers = np.moveaxis(cut, axis, 0)
        if view.box.start[axis] > 0:
            layers[0] = True
        if view.box.stop[axis] < view.native.shape[axis]:
            layers[-1] = True
    return cut
