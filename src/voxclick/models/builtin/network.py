"""The network: an image half that runs once a view, and a prompt half that runs at each click.

Both work on the folded grid (`folding.py`), half as fine as the view. The prompt half adds a
correction to the score of the classical evidence: untrained it answers as the evidence does.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.layers.convolution import Convolution

PROMPT_MAPS = 14
"""Channels that `maps.py` makes of prompts and evidence, on the folded grid."""

FINE_MAPS = 3
"""Channels on the grid of the view: the score, the intensity, the mask so far."""

IMAGE_MAPS = 12
"""Channels of the folded image: eight sub-voxels, three step lengths, what lies in the volume."""

SUBVOXELS = 8


@dataclass(frozen=True)
class Widths:
    """Size of the network.

    Attributes:
        levels: Channels at each level of both halves, fine to coarse; multiples of 16 are fastest.
        similarity: Channels that two voxels are compared in.
        fine: Channels of each sub-voxel on the grid of the view.
        head: Channels of the last layers.
    """

    levels: tuple[int, ...] = (16, 48, 96, 160)
    similarity: int = 16
    fine: int = 4
    head: int = 8

    def as_dict(self) -> dict[str, object]:
        """For the header of a checkpoint."""
        return asdict(self)


class Block(nn.Sequential):
    """Convolution, group norm, activation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            Convolution(inputs, outputs, 3, padding=1, bias=False),
            nn.GroupNorm(max(1, outputs // 16), outputs),
            nn.SiLU(inplace=True),
        )


class Pyramid(nn.Module):
    """A U-Net that gives its features at every level, fine to coarse.

    Args:
        inputs: Channels at each level that come in; 0 where none do.
        levels: Channels at each level that go out.
    """

    def __init__(self, inputs: tuple[int, ...], levels: tuple[int, ...]) -> None:
        super().__init__()
        above = (0, *levels[:-1])
        self.down = nn.ModuleList(
            nn.Sequential(Block(entry + finer, width), Block(width, width))
            for entry, finer, width in zip(inputs, above, levels, strict=True)
        )
        self.narrow = nn.ModuleList(
            Convolution(coarser, width, 1) for width, coarser in pairwise(levels)
        )
        self.up = nn.ModuleList(Block(width, width) for width in levels[:-1])

    def forward(self, inputs: list[Tensor | None]) -> list[Tensor]:
        """Features at each level; level `n` is `2^n` times coarser."""
        found: list[Tensor] = []
        for entry, block in zip(inputs, self.down, strict=True):
            parts = [] if entry is None else [entry]
            if found:
                parts.append(functional.max_pool3d(found[-1], 2))
            found.append(block(torch.cat(parts, dim=1)))
        for level in reversed(range(len(self.up))):
            coarse = self.narrow[level](found[level + 1])
            wide = functional.interpolate(coarse, scale_factor=2, mode="nearest")
            found[level] = self.up[level](found[level] + wide)
        return found


class Network(nn.Module):
    """Both halves.

    Args:
        widths: Its size.
    """

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        self.widths = widths or Widths()
        levels, fine, head = self.widths.levels, self.widths.fine, self.widths.head
        none = (0,) * (len(levels) - 1)
        self.image = Pyramid((IMAGE_MAPS, *none), levels)
        self.compare = Convolution(levels[0], self.widths.similarity, 1)
        self.prompt = Pyramid((PROMPT_MAPS + 2 + levels[0], *levels[1:]), levels)
        self.unfold = Convolution(levels[0], SUBVOXELS * fine, 1)
        self.mix = Convolution(fine + FINE_MAPS, head, 3, padding=1)
        self.last = Convolution(head, 1, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        if self.last.bias is not None:
            nn.init.zeros_(self.last.bias)

    def embed(self, image: Float[Tensor, "b c i j k"]) -> list[Tensor]:
        """The dear half: features at each level, and last the unit vectors to compare voxels in."""
        found = self.image([image, *[None] * (len(self.widths.levels) - 1)])
        vectors = functional.normalize(self.compare(found[0]).float(), dim=1)
        return [*found, vectors.to(found[0].dtype)]

    def correct(
        self, features: list[Tensor], maps: Float[Tensor, "b maps u v w"]
    ) -> Float[Tensor, "b c u v w"]:
        """The prompt half on the folded grid: channels of sub-voxels.

        Args:
            features: As `embed` gives them.
            maps: `PROMPT_MAPS` channels; the last two are the samples of either side.
        """
        *levels, vectors = features
        alike = [_similarity(vectors, maps[:, -2:-1]), _similarity(vectors, maps[:, -1:])]
        entry = torch.cat([maps, *alike, levels[0]], dim=1)
        found = self.prompt([entry, *levels[1:]])
        unfolded: Tensor = self.unfold(found[0])
        return unfolded

    def finish(
        self,
        unfolded: Float[Tensor, "b c i j k"],
        fine: Float[Tensor, "b maps i j k"],
        room: Float[Tensor, "b 1 i j k"],
    ) -> Float[Tensor, "b 1 i j k"]:
        """Logits on the grid of the view.

        Args:
            unfolded: What `correct` found, on that grid.
            fine: `FINE_MAPS` channels, the score first.
            room: The share of the correction that counts.
        """
        given = torch.cat([unfolded, fine.to(unfolded.dtype)], dim=1)
        mixed = functional.silu(self.mix(given))
        logits: Tensor = fine[:, :1].float() + room.float() * self.last(mixed).float()
        return logits


def channels_last(network: nn.Module) -> None:
    """Lay out the weights as fast convolutions want them; the numbers stay."""
    for weight in network.parameters():
        if weight.dim() == 5:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last_3d)


def _similarity(
    vectors: Float[Tensor, "b c i j k"], samples: Float[Tensor, "b 1 i j k"]
) -> Float[Tensor, "b 1 i j k"]:
    """The cosine between each voxel and the mean of the samples; 0 without samples."""
    weight = samples.sum(dim=(2, 3, 4), keepdim=True)
    mean = (vectors * samples).sum(dim=(2, 3, 4), keepdim=True) / weight.clamp(min=1e-3)
    mean = functional.normalize(mean.float(), dim=1, eps=1e-3).to(vectors.dtype)
    return (vectors * mean).sum(dim=1, keepdim=True)
