"""What each voxel of a view looks like: intensity, surroundings, edges and local shape."""

from typing import Any, no_type_check

import numba
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from voxclick.types import Array, Vector3

SAMPLED = 1 << 16
"""Voxels that the range of intensities is read from, at most."""


def normalised(image: Float[Array, "i j k"]) -> Float[Array, "i j k"]:
    """Intensities from 0 to 1, whatever the modality, with contrast where most voxels are.

    The mean of a linear scale (0.5 to 99.5 percentile) and of the voxel's rank, by a histogram
    whose bins are clipped so that noise in a flat region is not blown up. A constant image
    becomes 0.

    Source: Pizer et al., Adaptive histogram equalization, CVGIP 1987 (the clipping).
    """
    stride = max(1, image.size // SAMPLED)
    sampled = image.ravel()[::stride]
    low, high = np.percentile(sampled, [0.5, 99.5])
    if high - low <= 1e-6 * max(abs(float(low)), abs(float(high)), 1e-12):
        return np.zeros(image.shape, dtype=np.float32)
    linear = np.clip((image - low) / (high - low), 0.0, 1.0).astype(np.float32)
    bins = np.minimum((np.clip((sampled - low) / (high - low), 0, 1) * 128).astype(int), 127)
    share = np.bincount(bins, minlength=128) / len(bins)
    clipped = np.minimum(share, 8.0 / 128)
    rank = np.concatenate([[0.0], np.cumsum(clipped)]) / clipped.sum()
    equal = np.interp(linear.ravel(), np.linspace(0, 1, 129), rank).reshape(image.shape)
    both: Array = (0.5 * linear + 0.5 * equal).astype(np.float32)
    return both


def smoothed(image: Float[Array, "i j k"], sigma: float, lengths: Vector3) -> Float[Array, "i j k"]:
    """The image under a Gaussian of this width, in units of the finest step.

    Args:
        image: Any image.
        sigma: Standard deviation in units of length.
        lengths: Length of a step along each axis; 1 for the finest.
    """
    for axis in range(3):
        width = sigma / lengths[axis]
        if image.shape[axis] > 1 and width > 0.2:
            image = gaussian_filter1d(image, width, axis=axis, mode="nearest", truncate=3.0)
    return image


def features(image: Float[Array, "i j k"], lengths: Vector3) -> Float[Array, "n f"]:
    """Features of each voxel, standardised over the view, in C order.

    Intensity; Gaussian 1.5 and 3; square root of the gradient's size (sigma 1); local standard
    deviation (sigma 2); eigenvalues of the scale-normalised Hessian at sigma 1 and 2.

    Source: the features of ilastik's pixel classification (Berg et al., Nature Methods 2019).
    """
    # each Gaussian is made from the one before: variances add
    fine = smoothed(image, 1.0, lengths)
    middle = smoothed(fine, 1.1180, lengths)
    coarse = smoothed(middle, 1.3229, lengths)
    widest = smoothed(coarse, 2.2361, lengths)
    spread = smoothed(image * image, 2.0, lengths) - coarse * coarse
    columns = [image, middle, widest, _edge_strength(fine, lengths)]
    columns.append(np.sqrt(np.maximum(spread, 0.0)))
    table = np.empty((image.size, len(columns) + 6), dtype=np.float32)
    for place, column in enumerate(columns):
        table[:, place] = column.ravel()
    table[:, -6:-3] = hessian_eigenvalues(fine, 1.0, lengths)
    table[:, -3:] = hessian_eigenvalues(coarse, 2.0, lengths)
    mean = table.mean(axis=0, dtype=np.float64)
    deviation = np.sqrt(
        np.maximum((table.astype(np.float32) ** 2).mean(axis=0, dtype=np.float64) - mean**2, 1e-12)
    )
    table -= mean.astype(np.float32)
    table /= deviation.astype(np.float32)
    return table


def hessian_eigenvalues(
    smooth: Float[Array, "i j k"], sigma: float, lengths: Vector3
) -> Float[Array, "n 3"]:
    """Eigenvalues of `sigma^2` times the Hessian, largest first, a row a voxel in C order.

    Args:
        smooth: An image smoothed at scale `sigma`.
        sigma: The scale, in units of length.
        lengths: Length of a step along each axis; 1 for the finest.
    """
    padded = np.pad(smooth.astype(np.float32), 1, mode="edge")
    table = np.empty((smooth.size, 3), dtype=np.float32)
    steps = (float(lengths[0]), float(lengths[1]), float(lengths[2]))
    _hessian_eigenvalues(padded, float(sigma * sigma), steps, table)
    return table


def _edge_strength(smooth: Float[Array, "i j k"], lengths: Vector3) -> Float[Array, "i j k"]:
    square = np.zeros(smooth.shape, dtype=np.float32)
    for axis in range(3):
        if smooth.shape[axis] > 1:
            square += np.gradient(smooth, lengths[axis], axis=axis) ** 2
    return np.sqrt(np.sqrt(square))


@numba.njit(cache=True, nogil=True)
@no_type_check  # numba reads the plain function; run-time checks of types would hide it
def _hessian_eigenvalues(padded: Any, scale: float, steps: Any, table: Any) -> None:
    """The trigonometric solution for symmetric 3 x 3 matrices (Smith, CACM 1961)."""
    ni, nj, nk = padded.shape[0] - 2, padded.shape[1] - 2, padded.shape[2] - 2
    a, b, c = steps
    row = 0
    for i in range(1, ni + 1):
        for j in range(1, nj + 1):
            for k in range(1, nk + 1):
                twice = 2.0 * padded[i, j, k]
                xx = scale * (padded[i + 1, j, k] + padded[i - 1, j, k] - twice) / (a * a)
                yy = scale * (padded[i, j + 1, k] + padded[i, j - 1, k] - twice) / (b * b)
                zz = scale * (padded[i, j, k + 1] + padded[i, j, k - 1] - twice) / (c * c)
                xy = padded[i + 1, j + 1, k] + padded[i - 1, j - 1, k]
                xy -= padded[i + 1, j - 1, k] + padded[i - 1, j + 1, k]
                xz = padded[i + 1, j, k + 1] + padded[i - 1, j, k - 1]
                xz -= padded[i + 1, j, k - 1] + padded[i - 1, j, k + 1]
                yz = padded[i, j + 1, k + 1] + padded[i, j - 1, k - 1]
                yz -= padded[i, j + 1, k - 1] + padded[i, j - 1, k + 1]
                xy *= scale / (4.0 * a * b)
                xz *= scale / (4.0 * a * c)
                yz *= scale / (4.0 * b * c)
                mean = (xx + yy + zz) / 3.0
                xx -= mean
                yy -= mean
                zz -= mean
                off = xy * xy + xz * xz + yz * yz
                size = np.sqrt((xx * xx + yy * yy + zz * zz + 2.0 * off) / 6.0)
                if size < 1e-12:
                    table[row, 0] = table[row, 1] = table[row, 2] = mean
                else:
                    half = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz)
                    half += xz * (xy * yz - yy * xz)
                    half /= 2.0 * size * size * size
                    angle = np.arccos(min(1.0, max(-1.0, half))) / 3.0
                    first = mean + 2.0 * size * np.cos(angle)
                    last = mean + 2.0 * size * np.cos(angle + 2.0943951023931953)
                    table[row, 0] = first
                    table[row, 1] = 3.0 * mean - first - last
                    table[row, 2] = last
                row += 1
