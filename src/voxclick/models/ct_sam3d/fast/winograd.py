"""A 3 x 3 x 3 convolution in an eighth of the multiplications, on blocks of 4 x 4 x 4 voxels.

Winograd's minimal filtering F(4, 3) along each axis (Lavin and Gray, CVPR 2016): blocks of 6 voxels
are spread into products' space (`spread`), multiplied there with weights spread once (`weights`),
and gathered into 4 results (`gather` and its like). The points are 0, ±3/4, ±3/2 and infinity, with
which float32 loses only twice what a direct convolution loses; with the usual 0, ±1, ±2 it is six
times. Only the blocks that are asked for are computed.

Arrays are channels-last. Inputs have a border of one voxel around them. Channels are multiples of
16, the kernels' step.
"""

from typing import NamedTuple, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from voxclick.types import Array

BLOCK = 4
"""Voxels of a block along each axis."""

WIDE = 6
"""Voxels along each axis that a block reads."""

PRODUCTS = WIDE**3

STEP = 16
"""Channels at a time."""

NEAR, FAR = 0.75, 1.5
N1, F1 = np.float32(NEAR), np.float32(FAR)
N2, F2 = np.float32(NEAR**2), np.float32(FAR**2)
N3, F3 = np.float32(NEAR**3), np.float32(FAR**3)
BOTH, SUM = np.float32(NEAR**2 * FAR**2), np.float32(NEAR**2 + FAR**2)


def weights(kernel: Float[Tensor, "a c 3 3 3"]) -> Float[Tensor, "products c a"]:
    """A convolution's weights in products' space; computed in float64, kept in float32."""
    spread = torch.from_numpy(_weight_matrix())
    wide = torch.einsum("ui,vj,wk,acijk->uvwca", spread, spread, spread, kernel.detach().double())
    return wide.reshape(PRODUCTS, kernel.shape[1], kernel.shape[0]).float().contiguous()


def _weight_matrix() -> Float[Array, "6 3"]:
    """Each of the points' powers, divided by what the blocks' polynomials are there."""
    rows = [np.array([1.0, 0.0, 0.0]) / (NEAR * FAR) ** 2]
    for point, other in ((NEAR, FAR), (-NEAR, FAR), (FAR, NEAR), (-FAR, NEAR)):
        divisor = 2 * point**2 * (point**2 - other**2)
        rows.append(np.array([1.0, point, point**2]) / divisor)
    rows.append(np.array([0.0, 0.0, 1.0]))
    return np.stack(rows)


class Norm(NamedTuple):
    """What becomes of features beside the products of gamma and beta.

    Attributes:
        scale: That norms each channel.
        shift: That norms each channel.
        bias: Of gamma's channels and then beta's.
        slope: Of the ReLU below 0.
    """

    scale: Float[Array, " c"]
    shift: Float[Array, " c"]
    bias: Float[Array, " gb"]
    slope: np.float32


@numba.njit(inline="always")
@no_type_check  # numba reads the plain function; run-time checks of types would hide it
def _spread_line(d0, d1, d2, d3, d4, d5):
    near_even, near_odd = d4 - F2 * d2, N1 * (d3 - F2 * d1)
    far_even, far_odd = d4 - N2 * d2, F1 * (d3 - N2 * d1)
    return (
        BOTH * d0 - SUM * d2 + d4,
        near_even + near_odd,
        near_even - near_odd,
        far_even + far_odd,
        far_even - far_odd,
        BOTH * d1 - SUM * d3 + d5,
    )


@numba.njit(inline="always")
@no_type_check
def _gather_line(m0, m1, m2, m3, m4, m5):
    near_even, near_odd, far_even, far_odd = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    return (
        m0 + near_even + far_even,
        N1 * near_odd + F1 * far_odd,
        N2 * near_even + F2 * far_even,
        N3 * near_odd + F3 * far_odd + m5,
    )


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def spread(  # noqa: C901  (nothing but loops)
    source: Float[Array, "u v w c"], blocks: Int[Array, "n 3"], into: Float[Array, "n products c"]
) -> None:
    """What blocks of the source read, in products' space.

    Args:
        source: With its border.
        blocks: First voxel of each block.
        into: Where it goes.
    """
    first = np.empty((WIDE, WIDE, WIDE, STEP), np.float32)
    second = np.empty((WIDE, WIDE, WIDE, STEP), np.float32)
    for n in range(len(blocks)):
        z, y, x = blocks[n]
        for start in range(0, source.shape[3], STEP):
            for i in range(WIDE):
                for j in range(WIDE):
                    for c in range(STEP):
                        line = _spread_line(
                            source[z + i, y + j, x, start + c],
                            source[z + i, y + j, x + 1, start + c],
                            source[z + i, y + j, x + 2, start + c],
                            source[z + i, y + j, x + 3, start + c],
                            source[z + i, y + j, x + 4, start + c],
                            source[z + i, y + j, x + 5, start + c],
                        )
                        for k in range(WIDE):
                            first[i, j, k, c] = line[k]
            for i in range(WIDE):
                for k in range(WIDE):
                    for c in range(STEP):
                        line = _spread_line(
                            first[i, 0, k, c],
                            first[i, 1, k, c],
                            first[i, 2, k, c],
                            first[i, 3, k, c],
                            first[i, 4, k, c],
                            first[i, 5, k, c],
                        )
                        for j in range(WIDE):
                            second[i, j, k, c] = line[j]
            for j in range(WIDE):
                for k in range(WIDE):
                    for c in range(STEP):
                        line = _spread_line(
                            second[0, j, k, c],
                            second[1, j, k, c],
                            second[2, j, k, c],
                            second[3, j, k, c],
                            second[4, j, k, c],
                            second[5, j, k, c],
                        )
                        for i in range(WIDE):
                            into[n, 36 * i + 6 * j + k, start + c] = line[i]


@numba.njit(inline="always")
@no_type_check
def _gather_block(  # noqa: C901  (nothing but loops)
    products, n, start, first, second, block
):
    for j in range(WIDE):
        for k in range(WIDE):
            for c in range(STEP):
                place = 6 * j + k
                line = _gather_line(
                    products[n, place, start + c],
                    products[n, 36 + place, start + c],
                    products[n, 72 + place, start + c],
                    products[n, 108 + place, start + c],
                    products[n, 144 + place, start + c],
                    products[n, 180 + place, start + c],
                )
                for i in range(BLOCK):
                    first[i, j, k, c] = line[i]
    for i in range(BLOCK):
        for k in range(WIDE):
            for c in range(STEP):
                line = _gather_line(
                    first[i, 0, k, c],
                    first[i, 1, k, c],
                    first[i, 2, k, c],
                    first[i, 3, k, c],
                    first[i, 4, k, c],
                    first[i, 5, k, c],
                )
                for j in range(BLOCK):
                    second[i, j, k, c] = line[j]
    for i in range(BLOCK):
        for j in range(BLOCK):
            for c in range(STEP):
                line = _gather_line(
                    second[i, j, 0, c],
                    second[i, j, 1, c],
                    second[i, j, 2, c],
                    second[i, j, 3, c],
                    second[i, j, 4, c],
                    second[i, j, 5, c],
                )
                for k in range(BLOCK):
                    block[i, j, k, c] = line[k]


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def gather(
    products: Float[Array, "n products c"],
    blocks: Int[Array, "n 3"],
    bias: Float[Array, " c"],
    onto: Float[Array, "d h w c"],
    into: Float[Array, "d h w c"],
) -> None:
    """Results of blocks, added to what is there.

    Args:
        products: Of each block.
        blocks: First voxel of each.
        bias: Of the convolution.
        onto: What the results are added to.
        into: Where they go; may be the same.
    """
    first = np.empty((BLOCK, WIDE, WIDE, STEP), np.float32)
    second = np.empty((BLOCK, BLOCK, WIDE, STEP), np.float32)
    block = np.empty((BLOCK, BLOCK, BLOCK, STEP), np.float32)
    for n in range(len(blocks)):
        z, y, x = blocks[n]
        for start in range(0, into.shape[3], STEP):
            _gather_block(products, n, start, first, second, block)
            for i in range(BLOCK):
                for j in range(BLOCK):
                    for k in range(BLOCK):
                        for c in range(STEP):
                            into[z + i, y + j, x + k, start + c] = (
                                onto[z + i, y + j, x + k, start + c]
                                + block[i, j, k, c]
                                + bias[start + c]
                            )


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def gather_modulation(
    products: Float[Array, "n products gb"],
    blocks: Int[Array, "n 3"],
    norm: Norm,
    image: Float[Array, "d h w c"],
    into: Float[Array, "u v w c"],
) -> None:
    """The image of blocks, normed, modulated by gamma and beta, and through a leaky ReLU.

    Args:
        products: Of gamma's channels and then beta's.
        blocks: First voxel of each block.
        norm: Of the image, and what follows it.
        image: What is modulated.
        into: Where it goes, inside a border of one voxel.
    """
    first = np.empty((BLOCK, WIDE, WIDE, STEP), np.float32)
    second = np.empty((BLOCK, BLOCK, WIDE, STEP), np.float32)
    gamma = np.empty((BLOCK, BLOCK, BLOCK, STEP), np.float32)
    beta = np.empty((BLOCK, BLOCK, BLOCK, STEP), np.float32)
    scale, shift, bias, leak = norm
    one = np.float32(1)
    channels = image.shape[3]
    for n in range(len(blocks)):
        z, y, x = blocks[n]
        for start in range(0, channels, STEP):
            _gather_block(products, n, start, first, second, gamma)
            _gather_block(products, n, channels + start, first, second, beta)
            for i in range(BLOCK):
                for j in range(BLOCK):
                    for k in range(BLOCK):
                        for c in range(STEP):
                            a = start + c
                            normed = image[z + i, y + j, x + k, a] * scale[a] + shift[a]
                            found = normed * (one + (gamma[i, j, k, c] + bias[a])) + (
                                beta[i, j, k, c] + bias[channels + a]
                            )
                            into[z + i + 1, y + j + 1, x + k + 1, a] = (
                                found if found > 0 else found * leak
                            )


@numba.njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def modulate(
    image: Float[Array, "d h w c"],
    blocks: Int[Array, "n 3"],
    scale: Float[Array, "3 3 3 c"],
    shift: Float[Array, "3 3 3 c"],
    slope: float,
    into: Float[Array, "u v w c"],
) -> None:
    """The image of blocks that no prompt reaches, modulated, and through a leaky ReLU.

    There gamma and beta depend only on which faces of the grid a voxel touches.

    Args:
        image: What is modulated.
        blocks: First voxel of each block.
        scale: Of norm and gamma in one, at the low face, between, and at the high face.
        shift: Of norm, gamma and beta in one.
        slope: Of the ReLU below 0.
        into: Where it goes, inside a border of one voxel.
    """
    leak = np.float32(slope)
    depth, height, width, channels = image.shape
    for n in range(len(blocks)):
        for i in range(blocks[n, 0], blocks[n, 0] + BLOCK):
            u = 0 if i == 0 else (2 if i == depth - 1 else 1)
            for j in range(blocks[n, 1], blocks[n, 1] + BLOCK):
                v = 0 if j == 0 else (2 if j == height - 1 else 1)
                for k in range(blocks[n, 2], blocks[n, 2] + BLOCK):
                    w = 0 if k == 0 else (2 if k == width - 1 else 1)
                    for c in range(channels):
                        found = image[i, j, k, c] * scale[u, v, w, c] + shift[u, v, w, c]
                        into[i + 1, j + 1, k + 1, c] = found if found > 0 else found * leak
