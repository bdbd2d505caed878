"""How a volume goes to the page: int16, in the page's axes, in chunks, and how bright it begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from voxclick.server.orientation import Orientation
from voxclick.types import Array, Json
from voxclick.volume import Volume

CHUNK_BYTES = 1 << 20
SAMPLED = 1 << 20
"""Voxels that the first window is read from, at most."""

CT_SOFT_TISSUE = (-160.0, 240.0)
LOWEST, HIGHEST = -32768, 32767
FINEST = 1e-30
"""Of a step where all voxels are alike."""


@dataclass(frozen=True, eq=False)
class Display:
    """What the page needs to draw a volume.

    Attributes:
        volume: The volume itself.
        orientation: How the page has its axes.
    """

    volume: Volume
    orientation: Orientation

    @cached_property
    def low(self) -> float:
        """The lowest intensity."""
        return float(self.volume.array.min())

    @cached_property
    def high(self) -> float:
        """The highest intensity."""
        return float(self.volume.array.max())

    @cached_property
    def slope(self) -> float:
        """Intensity of one step of the stored numbers; 1 where they are the intensities."""
        if self._fits:
            return 1.0
        return max((self.high - self.low) / (HIGHEST - LOWEST), FINEST)

    @cached_property
    def intercept(self) -> float:
        """Intensity of the stored number 0."""
        return 0.0 if self._fits else self.low - LOWEST * self.slope

    @cached_property
    def modality(self) -> str | None:
        """`CT` where the intensities are on the Hounsfield scale, None where nothing tells."""
        return "CT" if -4096 <= self.low <= -500 and 200 <= self.high < 32767 else None

    @cached_property
    def window(self) -> tuple[float, float]:
        """The intensities to draw black and white at first."""
        if self.modality == "CT":
            return CT_SOFT_TISSUE
        array = self.volume.array
        step = max(1, round((array.size / SAMPLED) ** (1 / 3)))
        sampled = array[::step, ::step, ::step]
        inside = sampled[sampled > sampled.min()]  # without the air around
        low, high = np.percentile(inside if inside.size else sampled, (1, 99.5))
        return (float(low), float(high)) if low < high else (float(low) - 0.5, float(low) + 0.5)

    def facts(self) -> Json:
        """What stays as it was opened, for the page."""
        orientation, view = self.orientation, self.orientation.view
        low, high = self.window
        return {
            "shape": list(view.shape),
            "spacing_mm": list(view.spacing_mm),
            "affine": view.affine.tolist(),
            "native": {
                "shape": list(self.volume.grid.shape),
                "affine": self.volume.grid.affine.tolist(),
                "axes": list(orientation.axes),
                "flipped": list(orientation.flipped),
            },
            "scale": {"slope": self.slope, "intercept": self.intercept},
            "window": {"low": low, "high": high},
            "range": {"low": self.low, "high": self.high},
            "modality": self.modality,
        }

    def shape(self, step: int) -> tuple[int, int, int]:
        """Voxels along x, y, z of every `step`-th voxel."""
        x, y, z = self.orientation.view.shape
        return (-(-x // step), -(-y // step), -(-z // step))

    def chunks(self, step: int = 1) -> Iterator[bytes]:
        """The volume as little-endian int16, x fastest, slice by slice.

        Args:
            step: 1 for every voxel, 2 for a preview of every other one along each axis.
        """
        turned = self.orientation.turned(np.asarray(self.volume.array))[::step, ::step, ::step]
        x, y, z = turned.shape
        depth = max(1, CHUNK_BYTES // max(1, 2 * x * y))
        for first in range(0, z, depth):
            yield self._stored(turned[:, :, first : first + depth]).T.tobytes()

    @cached_property
    def _fits(self) -> bool:
        whole = self.volume.array.dtype.kind in "iub"
        return whole and self.low >= LOWEST and self.high <= HIGHEST

    def _stored(self, part: Array) -> Array:
        if self._fits:
            return part.astype("<i2")
        scaled = (part.astype(np.float64) - self.intercept) / self.slope
        return np.clip(np.round(scaled), LOWEST, HIGHEST).astype("<i2")
