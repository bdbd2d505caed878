"""Which way up a slice is shown to the network, and the way back."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.geometry import Grid
from voxclick.preprocess.view import window
from voxclick.types import Array, Index3

PAIRS = ("RL", "AP", "SI")


@dataclass(frozen=True)
class Plane:
    """How the slices across one axis are held: as on a light box.

    The patient's left is on the right, in front is up or left, and the head is up, whatever the
    order of the file's voxels: so SAM's medical descendants were trained.

    Attributes:
        axis: Slices are perpendicular to it.
        rows: The voxel axis that runs down the frame.
        columns: The voxel axis that runs to the right.
        flipped: The axes whose indices run the other way.
    """

    axis: int
    rows: int
    columns: int
    flipped: tuple[int, ...]

    @classmethod
    def of(cls, grid: Grid, axis: int) -> "Plane":
        """How slices across this axis of a grid are held."""
        letters = grid.orientation
        across = [a for a in range(3) if a != axis]
        columns, rows = sorted(across, key=lambda a: [letters[a] in pair for pair in PAIRS][::-1])
        return cls(axis, rows, columns, tuple(a for a in across if letters[a] in "RAS"))

    def show(self, image: Float[Tensor, "i j k"]) -> Float[Tensor, "h w"]:
        """A slice's view as the frame has it."""
        turned = image.flip(self.flipped) if self.flipped else image
        return turned.permute(self.axis, self.rows, self.columns)[0]

    def take_back(self, shown: Float[Tensor, "h w"]) -> Float[Tensor, "i j k"]:
        """A frame as the slice's view has it."""
        order = [self.axis, self.rows, self.columns]
        laid = shown[None].permute(*(order.index(axis) for axis in range(3)))
        return laid.flip(self.flipped) if self.flipped else laid

    def pixels(self, indices: Float[Array, "n 3"], shape: Index3) -> Float[Tensor, "n 2"]:
        """Indices of the slice's view as `x` and `y` of the frame, kept inside it.

        Args:
            indices: In the view.
            shape: Of the view.
        """
        held = indices.copy()
        for axis in self.flipped:
            held[:, axis] = shape[axis] - 1 - held[:, axis]
        last = np.array([shape[self.columns], shape[self.rows]]) - 0.5
        pixels = np.clip(held[:, [self.columns, self.rows]], -0.5, last)
        return torch.from_numpy(pixels.astype(np.float32))


def slice_grid(grid: Grid, axis: int, index: int, side: int) -> Grid:
    """The grid of one slice, whole, in a square of square pixels around its middle.

    Args:
        grid: The volume's.
        axis: The slice is perpendicular to it.
        index: Its number along the axis.
        side: Pixels of the square's sides.
    """
    lengths = np.array(grid.spacing_mm) * grid.shape
    across = [a for a in range(3) if a != axis]
    spacing = np.full(3, lengths[across].max() / side)
    shape, centre = np.full(3, side), (np.array(grid.shape) - 1) / 2
    spacing[axis], shape[axis], centre[axis] = grid.spacing_mm[axis], 1, index
    return window(
        grid,
        (float(spacing[0]), float(spacing[1]), float(spacing[2])),
        (int(shape[0]), int(shape[1]), int(shape[2])),
        (float(centre[0]), float(centre[1]), float(centre[2])),
    )
