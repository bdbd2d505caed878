"""What a model looks at: a grid of its own over a part of the volume, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from voxclick.geometry import Box, Grid
from voxclick.preprocess.axis_resample import contract, read_box, reading_matrix
from voxclick.prompts import BoxPrompt, MaskPrompt, Prompt, Scribble
from voxclick.prompts.lasso import Lasso
from voxclick.types import Array, Index3, Vector3
from voxclick.volume import Volume, Voxels


@dataclass(frozen=True, eq=False)
class Patch:
    """Logits on native voxels.

    Attributes:
        box: Which native voxels.
        logits: Above 0 where the object is, one a voxel of the box.
    """

    box: Box
    logits: Float[Tensor, "i j k"]


@dataclass(frozen=True, eq=False)
class View:
    """A window onto a volume, on the grid that a model works on.

    The grid shares its axes with the native one (it may be coarser or finer along each, and
    reach beyond the volume, where the border is repeated).

    Attributes:
        native: The volume's grid.
        grid: The model's grid.
        image: Intensities on the model's grid, in the volume's own scale.
        volume: What it shows, for what can only be told of the whole; None where it is not known.
    """

    native: Grid
    grid: Grid
    image: Float[Tensor, "i j k"]
    volume: Volume | None = None

    @classmethod
    def of(cls, volume: Volume, grid: Grid, device: torch.device | str = "cpu") -> "View":
        """Read the window straight from the native array, anti-aliased where it shrinks.

        Of a volume with coarser copies of itself it is read from the coarsest that is as fine.
        """
        source = _coarsest(volume, grid)
        empty = cls(source.grid, grid, torch.empty(0, 0, 0))
        return cls(volume.grid, grid, empty.read(source.array, torch.device(device)), volume)

    @cached_property
    def step(self) -> Vector3:
        """Native voxels between neighbouring view voxels, per axis."""
        scale = np.round(np.diag(self._to_native)[:3], 9)  # native spacing is a step of 1 exactly
        return (float(scale[0]), float(scale[1]), float(scale[2]))

    @cached_property
    def box(self) -> Box:
        """The native voxels whose centre falls into the view."""
        start, stop = [], []
        for axis in range(3):
            low = self._to_native[axis, 3] - self.step[axis] / 2
            high = low + self.grid.shape[axis] * self.step[axis]
            start.append(max(0, int(np.ceil(low - 1e-6))))
            stop.append(min(self.native.shape[axis], int(np.ceil(high - 1e-6))))
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    @cached_property
    def inside(self) -> Box:
        """The view voxels whose centre falls into the volume; all of them but at its edges.

        Empty where none does, as in a coarse view of a single thin slice.
        """
        start, stop = [], []
        for axis in range(3):
            centres = self._positions(axis)
            within = np.flatnonzero((centres >= -0.5) & (centres < self.native.shape[axis] - 0.5))
            if len(within) == 0:
                return Box.EMPTY
            start.append(int(within[0]))
            stop.append(int(within[-1]) + 1)
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def read(self, array: Voxels, device: torch.device) -> Float[Tensor, "i j k"]:
        """Any array on the native grid (an image, a mask as 0 and 1) as the view sees it."""
        slices: list[slice] = []
        matrices: list[Array] = []
        for axis in range(3):
            positions, size = self._positions(axis), self.native.shape[axis]
            reach = max(self.step[axis], 1.0)
            start = int(np.clip(np.floor(positions[0] - reach), 0, size - 1))
            stop = int(np.clip(np.ceil(positions[-1] + reach) + 1, start + 1, size))
            slices.append(slice(start, stop))
            matrices.append(reading_matrix(positions, self.step[axis], start, stop))
        return read_box(
            array,
            (slices[0], slices[1], slices[2]),
            (matrices[0], matrices[1], matrices[2]),
            device,
        )

    def take(self, prompts: Sequence[Prompt]) -> list[Prompt]:
        """The prompts in indices of this view, in order; those that do not reach into it left out.

        A scribble keeps the part of it inside; a box and a lasso stay whole, and may reach
        beyond the view; a mask on slices becomes the scribbles that say the same.
        """
        taken: list[Prompt] = []
        for prompt in prompts:
            if isinstance(prompt, MaskPrompt):
                strokes = prompt.scribbles() if prompt.slices else ()
                taken.extend(s for p in strokes if (s := self._take_one(p)) is not None)
            elif (one := self._take_one(prompt)) is not None:
                taken.append(one)
        return taken

    def restore(self, logits: Float[Tensor, "i j k"], within: Box | None = None) -> Patch:
        """The logits on the native voxels of this view (linear), or of a part of them.

        Args:
            logits: On the view's grid.
            within: Native voxels wanted; all of `box` when None.
        """
        box = self.box if within is None else self.box.intersection(within)
        matrices = []
        for axis in range(3):
            natives = np.arange(box.start[axis], box.stop[axis], dtype=np.float64)
            positions = (natives - self._to_native[axis, 3]) / self.step[axis]
            matrix = reading_matrix(positions, 1.0, 0, self.grid.shape[axis])
            matrices.append(torch.from_numpy(matrix).to(logits.device))
        return Patch(box, contract(logits.float(), matrices[0], matrices[1], matrices[2]))

    def native_box(self, box: Box) -> Box:
        """The native voxels that a box of view voxels covers, cut to the view."""
        start, stop = [], []
        for axis in range(3):
            low = self._to_native[axis, 3] + (box.start[axis] - 0.5) * self.step[axis]
            high = self._to_native[axis, 3] + (box.stop[axis] - 0.5) * self.step[axis]
            start.append(max(0, int(np.ceil(low - 1e-6))))
            stop.append(min(self.native.shape[axis], int(np.ceil(high - 1e-6))))
        covered = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
        return covered.intersection(self.box)

    @cached_property
    def _to_native(self) -> Float[Array, "4 4"]:
        return self.grid.index_map(self.native)

    def _positions(self, axis: int) -> Float[Array, " n"]:
        count = np.arange(self.grid.shape[axis], dtype=np.float64)
        positions: Array = self._to_native[axis, 3] + count * self.step[axis]
        return np.round(positions, 9)  # a whole index stays whole, and reads one voxel exactly

    def _take_one(self, prompt: Prompt) -> Prompt | None:
        moved = prompt.moved(self.native.index_map(self.grid))
        if isinstance(moved, Scribble):
            inside = self.grid.contains(moved.points)
            return Scribble(moved.points[inside], moved.positive) if inside.any() else None
        if isinstance(moved, BoxPrompt):
            return None if moved.region.intersection(self.grid.box).empty else moved
        if isinstance(moved, Lasso):
            return moved if self._in_view(moved.voxels()).any() else None
        return moved if self._in_view(moved.voxels()).all() else None

    def _in_view(self, voxels: Array) -> Bool[Array, " n"]:
        return self.grid.contains(voxels.astype(np.float64))


def _coarsest(volume: Volume, grid: Grid) -> Volume:
    """The coarsest copy of a volume that is as fine as a grid along every axis."""
    wanted = np.array(grid.spacing_mm) * (1 + 1e-6)
    fine = [one for one in volume.coarser if (np.array(one.grid.spacing_mm) <= wanted).all()]
    return fine[-1] if fine else volume


def window(native: Grid, spacing_mm: Vector3, shape: Index3, centre: Vector3) -> Grid:
    """A grid along the native axes, of this spacing and shape, around a native index.

    Args:
        native: The volume's grid.
        spacing_mm: Spacing of the window along `i`, `j`, `k`.
        shape: Voxels of the window.
        centre: Native index (float) that the window's middle lies on.
    """
    steps = np.array(spacing_mm) / np.array(native.spacing_mm)
    first = np.array(centre) - (np.array(shape) - 1) / 2 * steps
    to_native = np.diag([*steps, 1.0])
    to_native[:3, 3] = first
    return Grid(shape, native.affine @ to_native)
