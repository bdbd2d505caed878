"""The segmenter: a whole volume once, and of what was found the structure under the prompts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from voxclick.models.base import UPRIGHT, Embedding, Segmenter, Spec
from voxclick.models.supervised.found import NOWHERE, Found
from voxclick.models.supervised.look import Look, told_by
from voxclick.models.supervised.network import network_of
from voxclick.models.supervised.sizes import Sizes
from voxclick.models.weights import read_weights
from voxclick.preprocess import View
from voxclick.preprocess.statistics import Intensity
from voxclick.preprocess.turn import Turn
from voxclick.prompts import Prompt

OVERLAP = 0.5
"""Share of a patch that the next one covers again, as nnU-Net's."""


class SupervisedSegmenter(Segmenter):
    """A network that takes no prompts: they choose among what it found.

    Args:
        device: Where it computes; the logits of a volume are gathered in main memory.
        weights: A file that `voxclick train` wrote.
        network: A network instead of a file, with `sizes` and `look`.
        sizes: Of that network.
        look: How that network wants volumes.

    Raises:
        MissingFileError: If the file is not there.
        FileFormatError: If it holds no such weights.
        OptionError: If MONAI is not installed.
    """

    spec = Spec(
        name="supervised",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
        growths=("wider",),
        whole_mm=(1.0, 1.0, 1.0),
    )

    def __init__(
        self,
        device: torch.device,
        weights: Path | None = None,
        network: nn.Module | None = None,
        sizes: Sizes | None = None,
        look: Look | None = None,
    ) -> None:
        if weights is not None:
            tensors, header = read_weights(weights)
            sizes, look = told_by(header)
            network = network_of(tensors, sizes)
        assert network is not None
        assert sizes is not None
        assert look is not None
        self.device, self.sizes, self.look = device, sizes, look
        self.network = network.to(device).eval().requires_grad_(False)
        self.spec = replace(self.spec, whole_mm=look.spacing_mm)

    def embed(self, view: View) -> Found:
        """What the network finds: patches that overlap, each answer counting most in its middle."""
        from monai.inferers import sliding_window_inference

        image = self._normalised(view)
        turn = Turn.to(UPRIGHT, view.grid)
        logits = sliding_window_inference(
            turn.crop(image)[None, None].contiguous(),
            roi_size=self.sizes.patch,
            sw_batch_size=1,
            predictor=self.network,
            overlap=OVERLAP,
            mode="gaussian",
            sw_device=self.device,
            device=torch.device("cpu"),
        )
        assert isinstance(logits, Tensor)
        return _turned(Found.of(logits[0].float()), turn)

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """The structure that the prompts are about, as the network found it; else nothing."""
        assert isinstance(embedding, Found)
        structure = embedding.asked(prompts, previous)
        if structure is None:
            return torch.full(embedding.margin.shape, NOWHERE, device=self.device)
        return embedding.mask_of(structure).to(self.device)

    def _normalised(self, view: View) -> Float[Tensor, "i j k"]:
        """The view's intensities; 0, which is the mean, outside the volume."""
        assert view.volume is not None
        intensity = self.look.intensity or Intensity.of(view.volume.array)
        image = torch.nan_to_num(intensity.normalised(view.image))
        inside = torch.zeros_like(image)
        inside[view.inside.slices] = image[view.inside.slices]
        return inside


def _turned(found: Found, turn: Turn) -> Found:
    """The same on the axes of the view."""
    return Found(turn.view(found.structure), turn.view(found.margin), found.classes)
