"""Blocks of voxels, and which of them prompts reach."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from voxclick.models.ct_sam3d.fast.winograd import BLOCK
from voxclick.types import Array, Index3

REACH = 2
"""Two convolutions of three voxels carry a prompt this far."""


def reached(maps: Float[Tensor, "c d h w"]) -> Bool[Array, "u v t"]:
    """The blocks in which two convolutions of the maps differ from those of empty maps."""
    asked = (maps != 0).any(dim=0).float()
    pooled = functional.max_pool3d(asked[None, None], BLOCK + 2 * REACH, BLOCK, REACH)
    found: Array = (pooled[0, 0] > 0).numpy()
    return found


def all_blocks(shape: Index3) -> Bool[Array, "u v t"]:
    """Every block of a grid."""
    return np.ones([size // BLOCK for size in shape], dtype=np.bool_)


def first_voxels(chosen: Bool[Array, "u v t"]) -> Int[Array, "n 3"]:
    """The first voxel of each chosen block."""
    found: Array = BLOCK * np.argwhere(chosen)
    return found


def parts(blocks: Int[Array, "n 3"], most: int) -> Iterator[Int[Array, "m 3"]]:
    """The blocks in groups of so many; the last may be smaller."""
    for start in range(0, len(blocks), most):
        yield blocks[start : start + most]
