"""The segmenter: crops of 1 mm voxels, the network's answer, and the corrections it lacks."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.device import best_dtype
from voxclick.models.sam_adapter3d.checkpoint import read_network
from voxclick.models.sam_adapter3d.clicks import points_of
from voxclick.models.sam_adapter3d.correction import Ground, settled
from voxclick.models.sam_adapter3d.crop import crop_of
from voxclick.models.sam_adapter3d.network import Encoded, Network
from voxclick.models.sam_adapter3d.settings import Settings, settings_for
from voxclick.preprocess import View
from voxclick.preprocess.turn import Turn
from voxclick.prompts import Prompt
from voxclick.types import Array

SPEC = Spec(
    name="sam-adapter3d",
    prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
    patch=(128, 128, 128),
    spacings_mm=(1.0, 2.0, 4.0),
    fixed_patch=True,
)
"""How the published weights look; other weights may want other crops."""


@dataclass(frozen=True, eq=False)
class CropEmbedding(Embedding):
    """A view as the network saw it.

    Attributes:
        encoded: What the network can say before a click.
        turn: From the view's axes to the crop's.
        ground: The image, for corrections.
    """

    encoded: Encoded
    turn: Turn
    ground: Ground

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.encoded.nbytes + self.ground.nbytes


class SamAdapter3dSegmenter(Segmenter):
    """3DSAM-adapter behind the seam of every family.

    Args:
        device: Where the network computes; corrections are weighed on the CPU.
        weights: A file that `voxclick fetch` or `voxclick train` wrote.
        network: A network instead of a file.
        settings: How that network wants its crops.
        dtype: What the network computes in; bfloat16 where the device is fast at it, when None.

    Raises:
        MissingFileError: If the file is not there.
        FileFormatError: If it holds no such weights.
    """

    spec = SPEC

    def __init__(
        self,
        device: torch.device,
        weights: Path | None = None,
        network: Network | None = None,
        settings: Settings | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if network is None:
            assert weights is not None
            network, settings = read_network(weights)
        self.device = device
        self.dtype = best_dtype(device) if dtype is None else dtype
        self.settings = settings or settings_for("pancreas")
        self.network = network.to(device).eval().requires_grad_(False)
        side, finest = self.settings.crop, self.settings.spacing_mm
        spacings = (finest, 2 * finest, 4 * finest)
        self.spec = replace(SPEC, patch=(side, side, side), spacings_mm=spacings)

    def embed(self, view: View) -> CropEmbedding:  # noqa: D102  (as in Segmenter)
        crop, turn = crop_of(view, self.settings)
        with self._precision():
            encoded = self.network.encode(crop.to(self.device))
        ground = Ground.of(view.image.detach().to("cpu", torch.float32).numpy())
        return CropEmbedding(encoded, turn, ground)

    def decode(  # noqa: D102  (as in Segmenter)
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, CropEmbedding)
        before = None if previous is None else (previous.detach() >= 0.5).cpu().numpy()
        answer = self._asked(embedding, prompts, before)
        understood = self.network.sizes.signed_points
        found = settled(answer, embedding.ground, prompts, before, understood)
        return torch.from_numpy(found).to(self.device)

    def _asked(
        self, embedding: CropEmbedding, prompts: Sequence[Prompt], before: Array | None
    ) -> Array:
        """The network's log odds on the view; without a point to ask with, that nothing is there.

        A network without prompts answers the same whatever is asked.
        """
        shape = embedding.ground.image.shape
        sizes = self.network.sizes
        points = points_of(prompts, shape, before)
        if sizes.prompted and not points.positive.any():
            return np.full(shape, -4.0, dtype=np.float32)
        told = slice(None) if sizes.signed_points else points.positive
        at = torch.from_numpy(embedding.turn.points(points.at, shape)[told])
        signs = torch.from_numpy(points.positive[told]).to(self.device)
        with self._precision():
            logits = self.network.decode(
                embedding.encoded,
                at.float().to(self.device) if sizes.prompted else None,
                signs if sizes.signed_points else None,
            )
        odds = (logits[0, 1] - logits[0, 0]).float()
        answer: Array = embedding.turn.view(odds).cpu().numpy()
        return answer

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)
