"""Images whose voxels stay in their file, with NaN and infinities read as everywhere."""

from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Real

from voxclick.geometry import Box
from voxclick.io.content import no_finite
from voxclick.types import Array
from voxclick.volume import Partwise


class Stored(Partwise):
    """Values that are read box by box.

    Attributes:
        path: Where they lie.
    """

    path: Path

    def part(self, box: Box) -> Real[Array, "i j k"]:
        """As in `Partwise`; NaN and infinities are the lowest finite value of all.

        Raises:
            FileFormatError: If the file is not there any more, or is broken here.
        """
        values = self.read(box)
        if values.dtype.kind == "f" and values.size:
            finite = np.isfinite(values)
            if not finite.all():
                values = np.where(finite, values, self._lowest)
        return values

    @abstractmethod
    def read(self, box: Box) -> Real[Array, "i j k"]:
        """The values in a box as they are stored, in this machine's byte order."""

    @cached_property
    def _lowest(self) -> Any:
        """The lowest finite value; looked for where a voxel needs it."""
        lowest = None
        for box in self.parts(Box.whole(self.shape)):
            values = self.read(box)
            finite = values[np.isfinite(values)]
            if finite.size and (lowest is None or finite.min() < lowest):
                lowest = finite.min()
        if lowest is None:
            raise no_finite(self.path, self.size)
        return lowest
