"""A view's axes turned to those of a network: depth, height and width as it knows them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor

from voxclick.geometry import Grid
from voxclick.types import Array, Index3

AXES = ("RL", "AP", "SI")


@dataclass(frozen=True)
class Turn:
    """A permutation of axes and flips; no voxel is resampled.

    Attributes:
        order: The view's axis that becomes depth, height and width.
        flipped: Which axes of the crop run against the view's.
    """

    order: Index3
    flipped: tuple[int, ...]

    @classmethod
    def to(cls, orientation: str, grid: Grid) -> "Turn":
        """From a view's grid to a crop whose axes run as these letters say."""
        seen = grid.orientation
        order, flipped = [], []
        for axis, letter in enumerate(orientation):
            names = next(names for names in AXES if letter in names)
            place = next(place for place in range(3) if seen[place] in names)
            order.append(place)
            if seen[place] != letter:
                flipped.append(axis)
        return cls((order[0], order[1], order[2]), tuple(flipped))

    def crop(self, view: Shaped[Tensor, "i j k"]) -> Shaped[Tensor, "d h w"]:
        """Voxels of the view as depth, height and width."""
        return view.permute(self.order).flip(self.flipped)

    def view(self, crop: Shaped[Tensor, "d h w"]) -> Shaped[Tensor, "i j k"]:
        """The inverse of `crop`."""
        return crop.flip(self.flipped).permute(*np.argsort(self.order).tolist())

    def points(self, indices: Float[Array, "n 3"], shape: Index3) -> Float[Array, "n 3"]:
        """Indices of the view as depth, height and width.

        Args:
            indices: Of the view.
            shape: Of the view.
        """
        turned: Array = indices[:, self.order].copy()
        for axis in self.flipped:
            turned[:, axis] = shape[self.order[axis]] - 1 - turned[:, axis]
        return turned
