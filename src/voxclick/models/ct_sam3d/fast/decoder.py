"""The mask decoder prepared for a CPU: the plain decoder's numbers in a third of its time or less.

What is exact about it, and what it saves:

- gamma and beta depend on the prompt maps alone, and differ from those of empty maps only where a
  prompt reaches: elsewhere they are 27 vectors, known beforehand (`block.py`);
- the convolutions of the two finest grids take an eighth of the multiplications (`winograd.py`);
- gamma and beta are one convolution, and modulation, ReLU and residual are done on the way;
- the upscaling to full resolution and the head never make their 64 channels whole (`tail.py`).
"""

import threading
from copy import deepcopy
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from voxclick.models.ct_sam3d.decoder import (
    INSTANCE_EPS,
    SLOPE,
    MaskDecoder,
    ModulatedBlock,
    resized,
)
from voxclick.models.ct_sam3d.fast.block import FastBlock, without_prompts
from voxclick.models.ct_sam3d.fast.tail import FastTail, FastUpscale
from voxclick.models.ct_sam3d.fast.winograd import STEP
from voxclick.models.ct_sam3d.fast.workbench import Workbench
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.types import Array


class FastDecoder:
    """The decoder with its weights prepared. They are copied: later changes are not seen.

    Args:
        decoder: The plain one, in float32 on the CPU.
        dtype: Of what lies outside the two finest grids, which stay in float32: their products
            have no use for bfloat16.
    """

    def __init__(self, decoder: MaskDecoder, dtype: torch.dtype = torch.float32) -> None:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            self.coarse = [_CoarseBlock.of(block, dtype) for block in decoder.blocks()[:3]]
            self.fine = [FastBlock.of(block) for block in decoder.blocks()[3:]]
            self.upscales = [FastUpscale(upscale, dtype) for upscale in decoder.upscales()[:4]]
            self.tail = FastTail(decoder, dtype)
        self._by_thread = threading.local()

    def __call__(
        self, features: list[Tensor], prompts: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b 1 d h w"]:
        """Logits, as the plain decoder gives them.

        Args:
            features: Of the encoder, fine to coarse.
            prompts: Previous probabilities, positive map, negative map.
        """
        with torch.no_grad(), torch.autocast("cpu", enabled=False), self._bench() as bench:
            found = [
                self._one([feature[sample].float() for feature in features], asked.float(), bench)
                for sample, asked in enumerate(prompts)
            ]
        return torch.stack(found)[:, None]

    def _bench(self) -> Workbench:
        if not hasattr(self._by_thread, "bench"):
            self._by_thread.bench = Workbench()
        bench: Workbench = self._by_thread.bench
        return bench

    def _one(
        self, features: list[Tensor], prompts: Float[Tensor, "3 d h w"], bench: Workbench
    ) -> Float[Tensor, "d h w"]:
        image = features[3]
        skips = reversed(features[:3])
        for block, upscale, skip in zip(self.coarse, self.upscales[:3], skips, strict=True):
            image = block.run(image, _at(prompts, image))
            finer = upscale.run(_rows(image))
            image = torch.cat([finer.permute(3, 0, 1, 2), skip])
        rows = _rows(image)
        self.fine[0].run(rows, _at(prompts, image), bench)
        image = self.upscales[3].run(rows).permute(3, 0, 1, 2)
        rows = _rows(image)
        self.fine[1].run(rows, _at(prompts, image), bench)
        return self.tail.run(rows, bench)


_PREPARED: WeakKeyDictionary[MaskDecoder, dict[torch.dtype, tuple[list[int], FastDecoder]]] = (
    WeakKeyDictionary()
)


def prepared(decoder: MaskDecoder, dtype: torch.dtype = torch.float32) -> FastDecoder:
    """The decoder prepared, from its weights as they are now."""
    state = [n for weight in decoder.parameters() for n in (weight.data_ptr(), weight._version)]
    by_dtype = _PREPARED.setdefault(decoder, {})
    if dtype not in by_dtype or by_dtype[dtype][0] != state:
        with torch.inference_mode(False):  # so that it can be used in any mode
            by_dtype[dtype] = (state, FastDecoder(decoder, dtype))
    return by_dtype[dtype][1]


def fits(sizes: Sizes) -> bool:
    """Whether the kernels' steps fit networks of this size."""
    return all(width % STEP == 0 for width in (sizes.fine, sizes.coarse, sizes.shared))


@dataclass(frozen=True, eq=False)
class _CoarseBlock:
    """A block on a grid of a few voxels; without prompts there, gamma and beta are known.

    Attributes:
        block: The plain one; a copy where it is not to compute in float32.
        empty: Of both its norms, what gamma and beta are without prompts.
    """

    block: ModulatedBlock
    empty: tuple[Float[Tensor, "gb 3 3 3"], Float[Tensor, "gb 3 3 3"]]

    @classmethod
    def of(cls, block: ModulatedBlock, dtype: torch.dtype) -> "_CoarseBlock":
        first, second = without_prompts(block.norm_0), without_prompts(block.norm_1)
        own = block if dtype == torch.float32 else deepcopy(block).to(dtype)
        return cls(own, (first.to(dtype), second.to(dtype)))

    def run(
        self, image: Float[Tensor, "c d h w"], maps: Float[Tensor, "3 d h w"]
    ) -> Float[Tensor, "c d h w"]:
        block, (first, second) = self.block, self.empty
        given = image[None].to(first.dtype)
        if maps.any():
            plain: Tensor = block(given, maps[None].to(first.dtype))
            return plain[0].float()
        inner = block.conv_0(_modulated(given, first))
        added: Tensor = image + block.conv_1(_modulated(inner, second))[0].float()
        return added


def _modulated(
    image: Float[Tensor, "b c d h w"], empty: Float[Tensor, "gb 3 3 3"]
) -> Float[Tensor, "b c d h w"]:
    z, y, x = ([0] + [1] * (size - 2) + [2] for size in image.shape[2:])
    gamma, beta = empty[:, z][:, :, y][:, :, :, x].chunk(2)
    normed = functional.instance_norm(image, eps=INSTANCE_EPS)
    return functional.leaky_relu(normed * (1 + gamma) + beta, SLOPE)


def _at(
    prompts: Float[Tensor, "3 d h w"], image: Float[Tensor, "c u v t"]
) -> Float[Tensor, "3 u v t"]:
    return resized(prompts[None], image[None])[0]


def _rows(image: Float[Tensor, "c d h w"]) -> Float[Array, "d h w c"]:
    return image.permute(1, 2, 3, 0).contiguous().numpy()
