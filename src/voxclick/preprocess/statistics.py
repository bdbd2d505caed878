"""Statistics of intensities, by which networks want them normalised."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from voxclick.volume import Voxels

LOWEST, HIGHEST = 0.5, 99.5
"""Percentiles that intensities are clipped to."""

DRAWN = 1 << 22
"""At most about so many voxels of a volume are looked at."""

LEAST = 1e-6
"""The smallest deviation."""


@dataclass(frozen=True)
class Intensity:
    """Statistics of a data set's foreground, or of a volume, in the volume's own scale.

    Attributes:
        low: Intensities below are clipped (0.5 percentile).
        high: Intensities above are (99.5 percentile).
        mean: Of the foreground, or of the volume between the two.
        std: The same's deviation.
    """

    low: float
    high: float
    mean: float
    std: float

    def normalised(self, image: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Clipped, with the foreground's mean at 0 and its deviation at 1."""
        return (image.float().clamp(self.low, self.high) - self.mean) / self.std

    @classmethod
    def of(cls, array: Voxels) -> "Intensity":
        """Percentiles of a volume's intensities, and mean and deviation of what they leave."""
        step = max(1, round((array.size / DRAWN) ** (1 / 3)))
        flat = array[::step, ::step, ::step].astype(np.float32)
        flat = flat[np.isfinite(flat)]
        low, high = np.percentile(flat, (LOWEST, HIGHEST)) if flat.size else (0.0, 0.0)
        inside = np.clip(flat, low, high) if flat.size else np.zeros(1)
        deviation = float(inside.std(dtype=np.float64))
        mean = float(inside.mean(dtype=np.float64))
        return cls(float(low), float(high), mean, max(deviation, LEAST))
