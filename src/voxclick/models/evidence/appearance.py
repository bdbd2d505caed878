"""How much more each voxel looks like the object's samples than like everything else."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d

from voxclick.types import Array

BINS = 64
LIMIT = 3.0
"""Log ratios are cut off here, so that no appearance outweighs what the prompts say."""

PATCH_MASS = 200.0
"""As how many samples of the background the whole view counts in the histogram."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Voxels whose side is known, as flat indices.

    Attributes:
        inside: Of the object.
        outside: Not of the object.
        negatives: How many prompts the outside ones come from.
    """

    inside: Int[Array, " n"]
    outside: Int[Array, " m"]
    negatives: int


def log_ratio(
    intensity: Float[Array, " v"],
    table: Float[Array, "v f"],
    drawn: Int[Array, " d"],
    samples: Samples,
) -> Float[Array, " v"]:
    """The log of how much likelier each voxel is inside than outside, within +-3.

    The mean of a histogram of the intensity and a quadratic discriminant on all features.

    Args:
        intensity: 0 to 1, one a voxel.
        table: Standardised features, a row a voxel.
        drawn: Voxels drawn from the whole view: what the background looks like.
        samples: What the prompts say.
    """
    histogram = _histogram_ratio(intensity, drawn, samples)
    discriminant = _quadratic_ratio(table, drawn, samples)
    return 0.5 * histogram + 0.5 * discriminant


def _histogram_ratio(
    intensity: Float[Array, " v"], drawn: Int[Array, " d"], samples: Samples
) -> Float[Array, " v"]:
    bins = np.minimum((intensity * BINS).astype(np.int32), BINS - 1)
    inside = np.bincount(bins[samples.inside], minlength=BINS).astype(np.float64)
    outside = np.bincount(bins, minlength=BINS) * (PATCH_MASS / bins.size)
    outside += np.bincount(bins[samples.outside], minlength=BINS)
    ratio = np.log(_density(inside) / _density(outside))
    found: Array = np.clip(ratio, -LIMIT, LIMIT).astype(np.float32)[bins]
    return found


def _density(counts: Float[Array, " b"]) -> Float[Array, " b"]:
    smooth = gaussian_filter1d(counts, 2.0, mode="nearest") + 0.02
    density: Array = smooth / smooth.sum()
    return density


def _quadratic_ratio(
    table: Float[Array, "v f"], drawn: Int[Array, " d"], samples: Samples
) -> Float[Array, " v"]:
    share = min(0.7, 0.2 * samples.negatives) if len(samples.outside) else 0.0
    rows = np.concatenate([table[drawn], table[samples.outside]]).astype(np.float64)
    weights = np.full(len(rows), (1 - share) / len(drawn))
    weights[len(drawn) :] = share / max(1, len(samples.outside))
    mean_out = weights @ rows
    spread = (rows - mean_out) * weights[:, None]
    covariance_out = spread.T @ (rows - mean_out)
    own = table[samples.inside].astype(np.float64)
    mean_in = own.mean(axis=0)
    covariance_in = (own - mean_in).T @ (own - mean_in) / len(own)
    identity = np.eye(table.shape[1])
    # few samples say little about the spread: some of the background's keeps it from collapsing
    covariance_in += 0.1 * np.diag(np.diag(covariance_out)) + 0.01 * identity
    covariance_out += 0.01 * identity
    inside, outside = (mean_in, covariance_in), (mean_out, covariance_out)
    found: Array = np.clip(_log_normals(table, inside, outside), -LIMIT, LIMIT)
    return found


def _log_normals(
    table: Float[Array, "v f"],
    inside: tuple[Float[Array, " f"], Float[Array, "f f"]],
    outside: tuple[Float[Array, " f"], Float[Array, "f f"]],
) -> Float[Array, " v"]:
    """The log of how much denser one Gaussian (mean, covariance) is than the other at each row.

    Both are whitened by one product: the table is large, and what is read of it is what costs.
    """
    whitening, shifts, volume = [], [], 0.0
    for (mean, covariance), sign in ((inside, -1.0), (outside, 1.0)):
        lower = np.linalg.cholesky(covariance)
        whitening.append(np.linalg.inv(lower).T)
        shifts.append(mean @ whitening[-1])
        volume += sign * float(np.log(np.diag(lower)).sum())
    white = table @ np.hstack(whitening).astype(np.float32)  # v 2f
    white -= np.concatenate(shifts).astype(np.float32)
    white *= white
    signs = np.repeat(np.array([-0.5, 0.5], dtype=np.float32), table.shape[1])
    ratio: Array = white @ signs + np.float32(volume)
    return ratio
