"""From the finest features to logits at full resolution, slab by slab."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from voxclick.models.ct_sam3d.decoder import UP_EPS, MaskDecoder, Upscale
from voxclick.models.ct_sam3d.fast.sums import TAPS, sum_shares
from voxclick.models.ct_sam3d.fast.workbench import Workbench
from voxclick.types import Array

ROWS = 2048
"""Voxels at a time: what they become stays near the cores."""


class FastUpscale:
    """Transposed convolution, norm over channels and GELU, as a matrix product on rows of voxels.

    Args:
        upscale: The same, plain.
        dtype: That it computes in.
    """

    def __init__(self, upscale: Upscale, dtype: torch.dtype) -> None:
        convolution, norm = upscale.cna[0], upscale.cna[1]
        assert isinstance(convolution, torch.nn.ConvTranspose3d)
        assert isinstance(norm, torch.nn.LayerNorm)
        assert convolution.bias is not None
        weight = convolution.weight.detach()  # c a 2 2 2
        matrix = weight.permute(0, 2, 3, 4, 1).reshape(len(weight), -1)
        self.matrix = matrix.contiguous().to(dtype)
        self.bias = convolution.bias.detach().repeat(8).to(dtype)
        self.weight, self.shift = norm.weight.detach().to(dtype), norm.bias.detach().to(dtype)

    def rows(self, voxels: Float[Tensor, "n c"]) -> Float[Tensor, "m a"]:
        """Eight rows for each voxel, in the order of their offsets."""
        given = voxels.to(self.matrix.dtype)
        finer = torch.addmm(self.bias, given, self.matrix).view(-1, len(self.weight))
        normed = functional.layer_norm(finer, self.weight.shape, self.weight, self.shift, UP_EPS)
        return functional.gelu(normed)

    def run(self, image: Float[Array, "d h w c"]) -> Float[Tensor, "d2 h2 w2 a"]:
        """The finer features."""
        d, h, w, c = image.shape
        rows = self.rows(torch.from_numpy(image).view(-1, c))
        finer = rows.view(d, h, w, 2, 2, 2, -1).permute(0, 3, 1, 4, 2, 5, 6)
        return finer.reshape(2 * d, 2 * h, 2 * w, -1).float()


class FastTail:
    """The last upscaling and the head in one: no map of its many channels is ever whole.

    Each fine voxel gives what it adds to itself and its 26 neighbours, and these are summed.

    Args:
        decoder: The same, plain.
        dtype: That it computes in.
    """

    def __init__(self, decoder: MaskDecoder, dtype: torch.dtype) -> None:
        self.upscale = FastUpscale(decoder.upscale5, dtype)
        weight, bias = decoder.head()
        self.taps = weight.detach()[0].flatten(1).T.contiguous().to(dtype)  # taps a
        self.bias = np.float32(float(bias))

    def run(self, image: Float[Array, "d h w c"], bench: Workbench) -> Float[Tensor, "d2 h2 w2"]:
        """Logits at twice the resolution of the features."""
        d, h, w, c = image.shape
        voxels = torch.from_numpy(image).view(-1, c)
        shares = bench.numbers("shares", 8, TAPS, len(voxels))
        for start in range(0, len(voxels), ROWS):
            finer = self.upscale.rows(voxels[start : start + ROWS]).view(-1, 8, len(self.taps[0]))
            for offset in range(8):
                shares[offset, :, start : start + ROWS] = self.taps @ finer[:, offset].T
        logits = np.empty((2 * d, 2 * h, 2 * w), np.float32)
        given = shares.view(8, TAPS, d, h, w).numpy()
        bench.share(d, lambda part: sum_shares(given, self.bias, part.start, part.stop, logits))
        return torch.from_numpy(logits)
