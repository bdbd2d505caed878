"""The segmenter: classical evidence, corrected by the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.builtin.edges import stands_out
from voxclick.models.builtin.folding import Folding
from voxclick.models.builtin.maps import image_maps, prompt_maps
from voxclick.models.builtin.network import Network, channels_last
from voxclick.models.builtin.weights import read_packaged, read_weights
from voxclick.models.device import best_dtype
from voxclick.models.evidence.race import judge, obedient
from voxclick.models.evidence.scene import Scene
from voxclick.preprocess import View
from voxclick.prompts import Prompt


@dataclass(frozen=True, eq=False)
class BuiltinEmbedding(Embedding):
    """A view as evidence and network see it.

    Attributes:
        scene: Intensities and classical features.
        folding: How the view is folded.
        features: Of the network, at each level.
    """

    scene: Scene
    folding: Folding
    features: list[Tensor]

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.scene.nbytes + sum(feature.nbytes for feature in self.features)


class BuiltinSegmenter(Segmenter):
    """The weights in the package.

    Args:
        device: Where the network computes; the evidence is weighed on the CPU.
        weights: Others than those in the package: a file that training wrote, or a network.
        dtype: What the network computes in; bfloat16 where the device is fast at it, when None.
    """

    spec = Spec(
        name="builtin",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
    )

    def __init__(
        self,
        device: torch.device,
        weights: Path | Network | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.device = device
        self.dtype = best_dtype(device) if dtype is None else dtype
        if weights is None:
            network = read_packaged()
        else:
            network = weights if isinstance(weights, Network) else read_weights(weights)
        self.network = network.to(device, self.dtype).eval().requires_grad_(False)
        channels_last(self.network)

    def embed(self, view: View) -> BuiltinEmbedding:  # noqa: D102  (as in Segmenter)
        scene = Scene.of_view(view)
        folding = Folding.of(scene.intensity.shape, scene.lengths)
        image = image_maps(scene, folding)[None].to(self.device, self.dtype)
        features = self.network.embed(image)
        return BuiltinEmbedding(scene, folding, features)

    def decode(  # noqa: D102  (as in Segmenter)
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, BuiltinEmbedding)
        scene, folding = embedding.scene, embedding.folding
        seeds, evidence = judge(scene, prompts, previous)
        maps = prompt_maps(scene, seeds, evidence, folding)
        asked = maps.folded[None].to(self.device, self.dtype)
        folded = self.network.correct(embedding.features, asked)
        fine, room = maps.fine[None].to(self.device), maps.room[None].to(self.device)
        logits = self.network.finish(folding.back(folded[0])[None], fine, room)[0, 0]
        found = obedient(logits.float().cpu().numpy(), seeds, evidence.prior)
        if stands_out(evidence.score > 0, found > 0, scene.intensity):
            found = evidence.score
        return torch.from_numpy(found).to(self.device)
