"""Statistics of a data set's foreground, as its networks want intensities normalised."""

from collections.abc import Iterable

import numpy as np

from voxclick.errors import InputError
from voxclick.preprocess.statistics import Intensity
from voxclick.train.volumes import Held
from voxclick.types import Array

DRAWN = 100_000
"""Voxels of a case that are looked at, at most."""

LOWEST, HIGHEST = 0.5, 99.5
"""Percentiles of the foreground that intensities are clipped to."""


def statistics_of(volumes: Iterable[Held], structures: tuple[str, ...]) -> Intensity:
    """Percentiles, mean and standard deviation of the foreground of all volumes.

    As nnU-Net has them (Isensee et al., Nature Methods 2021), and 3DSAM-adapter after it. Of
    a large object `DRAWN` voxels are drawn.

    Args:
        volumes: To train on.
        structures: Names of the labels that are foreground; all if empty.

    Raises:
        InputError: If no volume has any.
    """
    found = [_drawn(held, structures) for held in volumes]
    voxels = np.concatenate([np.zeros(0, dtype=np.float32), *found])
    if not voxels.size:
        raise InputError(
            "statistics need foreground in the training cases, got none; look at structures"
        )
    low, high = np.percentile(voxels, (LOWEST, HIGHEST))
    deviation = float(voxels.std(dtype=np.float64))
    return Intensity(
        float(low), float(high), float(voxels.mean(dtype=np.float64)), max(deviation, 1e-6)
    )


def _drawn(held: Held, structures: tuple[str, ...]) -> Array:
    wanted = [each for each, name in held.names.items() if not structures or name in structures]
    voxels = held.array[np.isin(held.labels, wanted)]
    if voxels.size > DRAWN:
        voxels = np.random.default_rng(0).choice(voxels, DRAWN, replace=False)
    return voxels.astype(np.float32)
