"""What a network found in a volume, and which of it a prompt is about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from voxclick.geometry import Box
from voxclick.models.base import Embedding
from voxclick.prompts import BoxPrompt, Prompt
from voxclick.types import Array, Index3

NOWHERE = -4.0
"""Logits where nothing was asked for."""

BESIDE = 1e-3
"""What a voxel of the background counts, beside one of a structure, for which one is meant."""


Where = tuple[slice, slice, slice] | tuple[Array, Array, Array] | Tensor
"""What picks voxels of a tensor."""


@dataclass(frozen=True, eq=False)
class Found(Embedding):
    """The likeliest structure of each voxel of a view, and by how much; in main memory.

    Attributes:
        structure: Its number, from 0; also where the background is likelier still.
        margin: Its logit over the likeliest other class, the background among them: above 0
            exactly where it is the network's answer.
        classes: How many structures there are.
    """

    structure: Int[Tensor, "i j k"]
    margin: Float[Tensor, "i j k"]
    classes: int

    @classmethod
    def of(cls, logits: Float[Tensor, "c i j k"]) -> "Found":
        """From the logits of all classes, the background first."""
        structure = logits[1:].argmax(dim=0)
        best = logits[1:].gather(0, structure[None])[0]
        other = logits[0]
        if len(logits) > 2:
            other = torch.maximum(other, logits[1:].topk(2, dim=0).values[1])
        half = (best - other).clamp(-6e4, 6e4).to(torch.float16)
        # what half precision makes a tie of is not the structure's
        return cls(structure.to(torch.int16), half, len(logits) - 1)

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.structure.nbytes + self.margin.nbytes

    def mask_of(self, structure: int) -> Float[Tensor, "i j k"]:
        """Logits of one structure, above 0 exactly where it is the network's answer."""
        margin = self.margin.float()
        return torch.where(self.structure == structure, margin, -margin.abs())

    def asked(
        self, prompts: Sequence[Prompt], previous: Float[Tensor, "i j k"] | None
    ) -> int | None:
        """The structure that prompts are about: the one that the first positive one lies on.

        Each prompt has a vote, shared out over its voxels, and each further one half of the vote
        before: corrections lie where the network is wrong, and would name its errors. Where the
        network sees background, the likeliest structure there counts a thousandth, so that it
        decides only alone. Negative prompts do not choose. Without a positive one the mask so far
        does.

        Args:
            prompts: In indices of the view.
            previous: The object's mask so far, 0 to 1.

        Returns:
            None where nothing says it.
        """
        votes = np.zeros(self.classes)
        for number, prompt in enumerate(one for one in prompts if one.positive):
            votes += 0.5**number * self._vote(_where(prompt, self._shape))
        if not votes.any() and previous is not None:
            votes += self._vote((previous >= 0.5).cpu())
        return int(votes.argmax()) if votes.any() else None

    @property
    def _shape(self) -> Index3:
        i, j, k = self.structure.shape
        return (i, j, k)

    def _vote(self, where: Where) -> Float[Array, " c"]:
        numbers = self.structure[where].reshape(-1).numpy()
        if not len(numbers):
            return np.zeros(self.classes)
        weights = np.where(self.margin[where].reshape(-1).numpy() > 0, 1.0, BESIDE)
        votes: Array = np.bincount(numbers, weights, minlength=self.classes) / len(numbers)
        return votes


def _where(prompt: Prompt, shape: Index3) -> Where:
    """The voxels of a prompt that lie in the view."""
    if isinstance(prompt, BoxPrompt):
        return prompt.region.intersection(Box.whole(shape)).slices
    voxels = prompt.voxels().astype(np.int64)
    i, j, k = voxels[((voxels >= 0) & (voxels < np.array(shape))).all(axis=1)].T
    return (i, j, k)
