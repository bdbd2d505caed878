"""The segmenter: what a view looks like once, then a geodesic race at each prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.evidence.scene import Scene
from voxclick.models.geodesic.score import score
from voxclick.preprocess import View
from voxclick.prompts import Prompt


@dataclass(frozen=True, eq=False)
class SceneEmbedding(Embedding):
    """A view as the race sees it.

    Attributes:
        scene: Intensities and features.
    """

    scene: Scene

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.scene.nbytes


class GeodesicSegmenter(Segmenter):
    """Appearance learnt at each prompt, and a geodesic race from positive and negative ones.

    Computes on the CPU in float32, and gives its logits on the device asked for.

    Args:
        device: Where logits are wanted.

    Source: Bai and Sapiro, ICCV 2007 (likelihoods and geodesic distances); Criminisi et al.,
    ECCV 2008 (raster sweeps).
    """

    spec = Spec(
        name="geodesic",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
    )

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def embed(self, view: View) -> SceneEmbedding:  # noqa: D102  (as in Segmenter)
        return SceneEmbedding(Scene.of_view(view))

    def decode(  # noqa: D102  (as in Segmenter)
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SceneEmbedding)
        found = np.ascontiguousarray(score(embedding.scene, prompts, previous))
        return torch.from_numpy(found).to(self.device)
