"""A modulated block of the decoder on blocks of voxels, for the two finest grids."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from voxclick.models.ct_sam3d.decoder import INSTANCE_EPS, SLOPE, ModulatedBlock, Modulation
from voxclick.models.ct_sam3d.fast import winograd
from voxclick.models.ct_sam3d.fast.blocks import all_blocks, first_voxels, parts, reached
from voxclick.models.ct_sam3d.fast.products import BLOCKS_AT_ONCE, FastConvolution
from voxclick.models.ct_sam3d.fast.sums import clear_faces, column_sums
from voxclick.models.ct_sam3d.fast.winograd import BLOCK, PRODUCTS, Norm
from voxclick.models.ct_sam3d.fast.workbench import Workbench
from voxclick.models.layers.convolution import Convolution
from voxclick.types import Array, Index3


@dataclass(frozen=True, eq=False)
class FastModulation:
    """SPADE, prepared.

    Attributes:
        lift: From the 27 voxels of prompt maps around one to what gamma and beta are convolved
            from.
        lift_bias: Of that.
        both: Gamma and beta as one convolution.
        empty: What both are without prompts, at the low face, between, at the high face.
    """

    lift: Float[Tensor, "taps a"]
    lift_bias: Float[Tensor, " a"]
    both: FastConvolution
    empty: Float[Array, "3 3 3 gb"]

    @classmethod
    def of(cls, modulation: Modulation) -> "FastModulation":
        """The same numbers, sooner."""
        lift = modulation.mlp_shared[0]
        assert isinstance(lift, Convolution)
        both = FastConvolution(modulation.mlp_gamma, modulation.mlp_beta)
        empty = without_prompts(modulation).permute(1, 2, 3, 0).contiguous()
        assert lift.bias is not None
        taps = lift.weight.detach().permute(2, 3, 4, 1, 0).reshape(-1, len(lift.bias))
        return cls(taps.contiguous(), lift.bias.detach(), both, empty.numpy())


@dataclass(frozen=True, eq=False)
class FastBlock:
    """A modulated block, prepared."""

    norm_0: FastModulation
    conv_0: FastConvolution
    norm_1: FastModulation
    conv_1: FastConvolution

    @classmethod
    def of(cls, block: ModulatedBlock) -> "FastBlock":
        """The same numbers, sooner."""
        return cls(
            FastModulation.of(block.norm_0),
            FastConvolution(block.conv_0),
            FastModulation.of(block.norm_1),
            FastConvolution(block.conv_1),
        )

    def run(
        self, image: Float[Array, "d h w c"], maps: Float[Tensor, "3 d h w"], bench: Workbench
    ) -> None:
        """Replace the features by those after the block; `maps` are at their resolution."""
        on_grid = _OnGrid(maps, image.shape[3], bench)
        inner = bench.numbers("inner", *image.shape).numpy()
        on_grid.modulate(self.norm_0, image)
        on_grid.convolve(self.conv_0, onto=np.broadcast_to(np.float32(0), image.shape), into=inner)
        on_grid.modulate(self.norm_1, inner)
        on_grid.convolve(self.conv_1, onto=image, into=image)


class _OnGrid:
    """Work on one grid: its prompt maps, and what their norms make of features."""

    def __init__(self, maps: Tensor, channels: int, bench: Workbench) -> None:
        d, h, w = maps.shape[1:]
        self.shape: Index3 = (d, h, w)
        self.maps = maps
        self.bench = bench
        chosen = reached(maps)
        everything = all_blocks(self.shape)
        self.blocks = first_voxels(everything)
        self.asked, self.still = first_voxels(chosen), first_voxels(everything & ~chosen)
        self.modulated = bench.numbers("modulated", d + 2, h + 2, w + 2, channels).numpy()
        clear_faces(self.modulated)

    def modulate(self, modulation: FastModulation, image: Float[Array, "d h w c"]) -> None:
        """Put the normed and modulated image inside the border of `modulated`."""
        scale, shift = _norm(image, self.bench)
        channels = image.shape[3]
        gamma, beta = modulation.empty[..., :channels], modulation.empty[..., channels:]
        both = (scale * (1 + gamma), shift * (1 + gamma) + beta)
        self.bench.share(
            len(self.still),
            lambda part: winograd.modulate(image, self.still[part], *both, SLOPE, self.modulated),
        )
        if not len(self.asked):
            return
        norm = Norm(scale, shift, modulation.both.bias, np.float32(SLOPE))
        lifted, low = self._lifted(modulation)
        for blocks in parts(self.asked, BLOCKS_AT_ONCE):
            products = self._products(lifted, blocks - low, modulation.both)
            self.bench.share(
                len(blocks), partial(self._gather_modulation, products, blocks, norm, image)
            )

    def convolve(
        self,
        convolution: FastConvolution,
        onto: Float[Array, "d h w c"],
        into: Float[Array, "d h w c"],
    ) -> None:
        """Convolve what is inside `modulated`."""
        for blocks in parts(self.blocks, BLOCKS_AT_ONCE):
            products = self._products(self.modulated, blocks, convolution)
            self.bench.share(
                len(blocks), partial(_gather, products, blocks, convolution.bias, (onto, into))
            )

    def _gather_modulation(
        self, products: Array, blocks: Array, norm: Norm, image: Array, part: slice
    ) -> None:
        winograd.gather_modulation(products[part], blocks[part], norm, image, self.modulated)

    def _products(self, source: Array, blocks: Int[Array, "n 3"], by: FastConvolution) -> Array:
        spread = self.bench.numbers("spread", BLOCKS_AT_ONCE, PRODUCTS, by.inputs)
        into = spread.numpy()
        self.bench.share(
            len(blocks), lambda part: winograd.spread(source, blocks[part], into[part])
        )
        products: Array = by.products(spread).numpy()
        return products

    def _lifted(
        self, modulation: FastModulation
    ) -> tuple[Float[Array, "u v w c"], Int[Array, " 3"]]:
        """The lifted maps where the blocks that prompts reach read them, and where that begins.

        Beyond the grid they are 0.
        """
        low = self.asked.min(axis=0)
        high = self.asked.max(axis=0) + BLOCK
        z, y, x = (slice(int(a), int(b) + 4) for a, b in zip(low, high, strict=True))
        maps = functional.pad(self.maps, (2,) * 6)[:, z, y, x].permute(1, 2, 3, 0).contiguous()
        u, v, w = (size - 2 for size in maps.shape[:3])
        taps = self.bench.numbers("taps", u, v, w, 3, 3, 9)
        a, b, c, _ = maps.stride()
        taps.copy_(maps.as_strided(taps.shape, (a, b, c, a, b, 1)))
        lifted = self.bench.numbers("lifted", u, v, w, len(modulation.lift_bias))
        rows = lifted.view(u * v * w, -1)
        torch.addmm(modulation.lift_bias, taps.view(len(rows), -1), modulation.lift, out=rows)
        rows.relu_()
        found: Array = lifted.numpy()
        for axis, size in enumerate(self.shape):
            if low[axis] == 0:
                found[(slice(None),) * axis + (0,)] = 0
            if high[axis] == size:
                found[(slice(None),) * axis + (-1,)] = 0
        return found, low


def without_prompts(modulation: Modulation) -> Float[Tensor, "gb 3 3 3"]:
    """Gamma and beta of empty maps, by which faces of a grid a voxel touches."""
    still = modulation.mlp_shared(torch.zeros(1, 3, 3, 3, 3))
    return torch.cat([modulation.mlp_gamma(still), modulation.mlp_beta(still)], dim=1)[0].detach()


def _gather(
    products: Array, blocks: Array, bias: Array, places: tuple[Array, Array], part: slice
) -> None:
    winograd.gather(products[part], blocks[part], bias, *places)


def _norm(
    image: Float[Array, "d h w c"], bench: Workbench
) -> tuple[Float[Array, " c"], Float[Array, " c"]]:
    """Scale and shift that give each channel mean 0 and variance 1."""
    rows = image.reshape(-1, image.shape[3])
    mean = _mean(rows, np.zeros(rows.shape[1], np.float32), False, bench)
    variance = _mean(rows, mean.astype(np.float32), True, bench)
    scale = 1 / np.sqrt(variance + INSTANCE_EPS)
    return scale.astype(np.float32), (-mean * scale).astype(np.float32)


def _mean(
    rows: Float[Array, "n c"], about: Float[Array, " c"], squared: bool, bench: Workbench
) -> Float[Array, " c"]:
    groups = np.array_split(rows, bench.threads)
    sums = np.empty((len(groups), rows.shape[1]))

    def work(part: slice) -> None:
        for place in range(part.start, part.stop):
            column_sums(groups[place], about, squared, sums[place])

    bench.share(len(groups), work, fewest=1)
    mean: Array = sums.sum(axis=0) / len(rows)
    return mean
