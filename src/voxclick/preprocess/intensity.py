"""The window of a volume: which intensities are black and white, one for all of its slices."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from voxclick.volume import Volume, Voxels

CT_AIR = -500
"""A volume with intensities this low is taken for a CT in Hounsfield units."""

DRAWN = 1 << 22
"""At most about so many voxels are looked at: a percentile of more is no other."""

_KNOWN: "WeakKeyDictionary[Volume, Window]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Window:
    """Intensities shown between black and white.

    Attributes:
        low: This and below is black.
        high: This and above is white; above `low`.
    """

    low: float
    high: float

    @classmethod
    def of(cls, array: Voxels) -> "Window":
        """The window of a volume's array.

        Soft tissue (width 400, level 40) where the volume looks like CT; else from the 0.5th to the
        99.5th percentile of what is not zero (MedSAM2, arXiv 2504.03600, preprocessing).
        """
        step = max(1, round((array.size / DRAWN) ** (1 / 3)))
        drawn = array[::step, ::step, ::step].astype(np.float32)
        drawn = drawn[np.isfinite(drawn) & (drawn != 0)]
        if drawn.size and drawn.min() <= CT_AIR:
            return SOFT_TISSUE
        if not drawn.size:
            return cls(0.0, 1.0)
        low, high = (float(value) for value in np.percentile(drawn, (0.5, 99.5)))
        return cls(low, high if high > low else low + 1.0)


SOFT_TISSUE = Window(-160.0, 240.0)
"""Width 400, level 40, in Hounsfield units."""


def window_of(volume: Volume) -> Window:
    """The window of a volume, found once for each.

    Of one with coarser copies of itself it is that of the coarsest with voxels enough.
    """
    if volume not in _KNOWN:
        enough = [one for one in volume.coarser if one.array.size >= DRAWN]
        _KNOWN[volume] = Window.of((enough[-1] if enough else volume).array)
    return _KNOWN[volume]
