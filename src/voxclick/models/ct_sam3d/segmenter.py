"""The segmenter: patches as the network was trained on them, clicks in rounds, heat maps."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import CrossPatch, Embedding, Segmenter, Spec
from voxclick.models.ct_sam3d.convert import from_published
from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.prompts import Clicks, clicks_of
from voxclick.models.ct_sam3d.scaling import scaled
from voxclick.models.ct_sam3d.sizes import PATCH, SPACING_MM, Sizes
from voxclick.models.device import best_dtype
from voxclick.models.weights import read_weights
from voxclick.preprocess import View
from voxclick.preprocess.turn import Turn
from voxclick.prompts import Prompt

ORIENTATION = "SPL"
"""Where depth, height and width run to: LPS, as the authors' "RAI" reads in the opposite way."""

ROUNDS = 16
"""Rounds of a view whose answers are kept, a megabyte each."""

SAME = 0.97
"""Dice of the network's answer with the mask that was made of it: a patch of 1.5 mm on voxels of
another size loses so little at the boundary."""


@dataclass(frozen=True, eq=False)
class PatchEmbedding(Embedding):
    """A view as the network sees it.

    Attributes:
        image: The patch, 0 to 1.
        features: Of the image encoder.
        turn: From the view's axes to the patch's.
        rounds: Answers to clicks, by what was clicked; the same clicks always have the same answer,
            so that nothing depends on what is kept.
    """

    image: Float[Tensor, "1 1 d h w"]
    features: list[Tensor]
    turn: Turn
    rounds: OrderedDict[bytes, Tensor] = field(default_factory=OrderedDict)

    @property
    def nbytes(self) -> int:  # noqa: D102
        kept = [self.image, *self.features, *list(self.rounds.values())]
        return sum(tensor.nbytes for tensor in kept)


class CtSam3dSegmenter(Segmenter, CrossPatch):
    """CT-SAM3D behind the seam of every family.

    Args:
        device: Where the network computes.
        weights: A file that `voxclick fetch` or `voxclick train` wrote.
        network: A network instead of a file.
        dtype: What the network computes in; bfloat16 where the device is fast at it, when None.

    Raises:
        MissingFileError: If the file is not there.
        FileFormatError: If it holds no such weights.
    """

    spec = Spec(
        name="ct-sam3d",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
        patch=(PATCH, PATCH, PATCH),
        spacings_mm=(SPACING_MM, 2 * SPACING_MM, 4 * SPACING_MM, 8 * SPACING_MM),
        fixed_patch=True,
        growths=("cross-patch", "wider"),
    )

    def __init__(
        self,
        device: torch.device,
        weights: Path | None = None,
        network: Network | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if network is None:
            assert weights is not None
            network = read_network(weights)
        self.device = device
        self.dtype = best_dtype(device) if dtype is None else dtype
        self.network = network.to(device).eval().requires_grad_(False)
        if not network.has_cross_patch:
            self.spec = replace(self.spec, growths=("wider", "cross-patch"))

    def embed(self, view: View) -> PatchEmbedding:  # noqa: D102  (as in Segmenter)
        turn = Turn.to(ORIENTATION, view.grid)
        image = turn.crop(scaled(view))[None, None].to(self.device).contiguous()
        with self._precision():
            features = self.network.encode(image)
        return PatchEmbedding(image, features, turn)

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """As in `Segmenter`.

        The network's previous mask is its own answer to the prompts before the newest, as in
        training, where that agrees with the object's mask so far; else it is that mask. Where both
        are the same but for what is lost between grids, this is the network's next round. Several
        prompts of a new object are one round.
        """
        assert isinstance(embedding, PatchEmbedding)
        mask = None if previous is None else embedding.turn.crop(previous)
        own = None if mask is None else self._round(embedding, prompts[:-1])
        goes_on = len(prompts) == 1 if mask is None else _same(own, mask)
        logits = self._round(embedding, prompts) if goes_on else None
        if logits is None:
            clicks = clicks_of(prompts, self.spec.patch)
            logits = self._ask(embedding, clicks, _believed(own, mask))
        return embedding.turn.view(logits)

    def heat(  # noqa: D102  (as in CrossPatch)
        self, here: Embedding, mask: Float[Tensor, "i j k"], there: Embedding
    ) -> Float[Tensor, "u v w"] | None:
        assert isinstance(here, PatchEmbedding)
        assert isinstance(there, PatchEmbedding)
        if not self.network.has_cross_patch:
            return None
        found = (here.turn.crop(mask) > 0.5).float()[None, None].to(self.device)
        with self._precision():
            heat = self.network.cross_patch(here.image, found, there.image)
        return there.turn.view(heat[0, 0].float())

    def _round(
        self, embedding: PatchEmbedding, prompts: Sequence[Prompt]
    ) -> Float[Tensor, "d h w"] | None:
        """The network's logits after these prompts, each given in a round of its own."""
        clicks = clicks_of(prompts, self.spec.patch)
        if not len(clicks.at):
            return None
        key, rounds = clicks.key(), embedding.rounds
        kept = rounds.get(key)
        if kept is None:
            before = self._round(embedding, prompts[:-1])
            kept = self._ask(embedding, clicks, None if before is None else torch.sigmoid(before))
            rounds[key] = kept
            while len(rounds) > ROUNDS:
                rounds.popitem(last=False)
        return kept

    def _ask(
        self,
        embedding: PatchEmbedding,
        clicks: Clicks,
        before: Float[Tensor, "d h w"] | None,
    ) -> Float[Tensor, "d h w"]:
        """One round: logits from clicks and the probabilities before."""
        shape = self.spec.patch
        depth_first = embedding.turn.points(clicks.at, shape)
        points = torch.from_numpy(np.ascontiguousarray(depth_first[:, ::-1]))
        maps = self.network.prompt_maps(points, torch.from_numpy(clicks.labels), shape)
        mask = torch.zeros(1, 1, *shape) if before is None else before[None, None].cpu()
        asked = torch.cat([mask, maps.cpu()], dim=1).to(self.device)
        with self._precision():
            return self.network.decode(embedding.features, asked)[0, 0].float()

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)


def _same(own: Float[Tensor, "d h w"] | None, mask: Float[Tensor, "d h w"]) -> bool:
    """Whether the network's own answer is the mask so far."""
    if own is None:
        return False
    inside, known = own > 0, mask >= 0.5
    total = int(inside.sum()) + int(known.sum())
    return total == 0 or 2 * int((inside & known).sum()) >= SAME * total


def _believed(
    own: Float[Tensor, "d h w"] | None, mask: Float[Tensor, "d h w"] | None
) -> Float[Tensor, "d h w"] | None:
    """The mask so far, with the network's own probabilities where they say the same."""
    if own is None or mask is None:
        return mask
    return torch.where((own > 0) == (mask >= 0.5), torch.sigmoid(own), mask)


def read_network(path: Path) -> Network:
    """A network from a file that `voxclick fetch` or `voxclick train` wrote.

    Raises:
        FileFormatError: If it holds no weights of CT-SAM3D.
    """
    weights, header = read_weights(path)
    sizes = Sizes.from_json(header["sizes"]) if "sizes" in header else None
    return from_published(weights, sizes)
