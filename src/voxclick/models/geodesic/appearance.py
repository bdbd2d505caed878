"""How much each voxel looks like the object: likelihood ratios learnt from marked voxels."""

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d

from voxclick.types import Array

BINS = 64
LIMIT = 3.0
PRIOR_MASS = 200.0
DRAWN = 1500


def histogram_ratio(
    image: Float[Array, " n"], inside: Int[Array, " a"], outside: Int[Array, " b"]
) -> Float[Array, " n"]:
    """Log ratio of the intensity histograms of object and background, within -3 to 3.

    The background is the whole view with the mass of 200 voxels, and the voxels marked outside.

    Args:
        image: Intensities from 0 to 1 of all voxels, flat.
        inside: Flat indices of voxels of the object.
        outside: Flat indices of voxels marked as not the object.
    """
    bins = np.minimum((image * BINS).astype(np.int64), BINS - 1)
    whole = np.bincount(bins, minlength=BINS).astype(np.float64)
    object_ = _density(np.bincount(bins[inside], minlength=BINS).astype(np.float64))
    marked = np.bincount(bins[outside], minlength=BINS)
    background = _density(whole * (PRIOR_MASS / whole.sum()) + marked)
    ratio = np.clip(np.log(object_ / background), -LIMIT, LIMIT).astype(np.float32)
    spread: Array = ratio[bins]
    return spread


def discriminant_ratio(
    features: Float[Array, "n c"], inside: Int[Array, " a"], outside: Int[Array, " b"]
) -> Float[Array, " n"]:
    """Log ratio of two Gaussians fitted to the features (a quadratic discriminant), -3 to 3.

    Args:
        features: Of all voxels, standardised.
        inside: Flat indices of voxels of the object.
        outside: Flat indices of voxels marked as not the object.
    """
    drawn = np.random.default_rng(0).integers(0, len(features), DRAWN)
    share = min(0.7, 0.2 * len(outside) / 80)
    background = features[np.concatenate([drawn, outside])].astype(np.float64)
    weights = np.concatenate(
        [
            np.full(len(drawn), (1 - share) / len(drawn)),
            np.full(len(outside), share / max(len(outside), 1)),
        ]
    )
    weights /= weights.sum()
    mean_out = weights @ background
    centred = background - mean_out
    identity = np.eye(features.shape[1])
    cov_out = (centred * weights[:, None]).T @ centred
    mean_in = features[inside].mean(axis=0, dtype=np.float64)
    off = features[inside].astype(np.float64) - mean_in
    cov_in = off.T @ off / max(len(inside), 1) + 0.1 * np.diag(np.diag(cov_out)) + 0.01 * identity
    cov_out = cov_out + 0.01 * identity
    ratio = _log_gaussian(features, mean_in, cov_in) - _log_gaussian(features, mean_out, cov_out)
    limited: Array = np.clip(ratio, -LIMIT, LIMIT).astype(np.float32)
    return limited


def _density(counts: Float[Array, " b"]) -> Float[Array, " b"]:
    smooth = gaussian_filter1d(counts / max(counts.sum(), 1.0), 2.0) + 0.02 / BINS
    density: Array = smooth / smooth.sum()
    return density


def _log_gaussian(
    features: Float[Array, "n c"], mean: Float[Array, " c"], covariance: Float[Array, "c c"]
) -> Float[Array, " n"]:
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    off = (features - mean.astype(np.float32)) @ whiten.T
    log_scale = float(np.log(np.diag(whiten)).sum())
    value: Array = log_scale - 0.5 * np.einsum("nc,nc->n", off, off)
    return value
