"""An existing mask to start from, whole or on some slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from operator import index
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from voxclick.errors import GridMismatchError, PromptError
from voxclick.geometry import Box, Grid
from voxclick.prompts.base import Prompt, check_axis, sign
from voxclick.prompts.scribble import Scribble
from voxclick.types import Array, GivenInt, GivenInts, Json, Space
from voxclick.volume import Blocks, Mask, blocks
from voxclick.volume.blocks import blank
from voxclick.volume.packing import decode_mask, encode_runs

if TYPE_CHECKING:
    GivenMask: TypeAlias = Mask
else:  # whatever a user passes: it is checked here, in words
    GivenMask = Any


LARGEST = 2**32 - 1
"""Voxels of the largest mask that is unpacked from JSON; a large one goes into blocks."""


@dataclass(frozen=True, eq=False)
class MaskPrompt(Prompt):
    """A mask of the object: all of it, or what it is on some slices.

    Whole, it becomes the object's mask, which later prompts correct. On slices, those slices
    are the truth (inside and outside), and the model fills in the others.

    Attributes:
        mask: On the volume's own grid.
        axis: With `slices`, the voxel axis that they are perpendicular to; None for a whole mask.
        slices: Indices of the slices that hold; empty for a whole mask.

    Raises:
        PromptError: If the mask is empty, or `axis` and `slices` do not go together.
    """

    mask: GivenMask
    axis: GivenInt | None = None
    slices: GivenInts = ()

    positive: bool = field(default=True, init=False)
    space: Space = field(default="voxel", init=False)

    kind: ClassVar[str] = "mask"

    def __post_init__(self) -> None:
        _check_mask(self.mask)
        try:
            slices = tuple(sorted({index(s) for s in self.slices}))
        except TypeError:
            raise PromptError(
                f"a mask prompt's slices must be whole numbers, got {self.slices!r}"
            ) from None
        object.__setattr__(self, "slices", slices)
        if (self.axis is None) != (not slices):
            raise PromptError(
                "a mask prompt on slices needs both an axis and slices, got "
                f"axis={self.axis} and slices={list(slices)}"
            )
        if self.axis is not None:
            check_axis("a mask prompt", self.axis)
            depth = self.mask.grid.shape[self.axis]
            if slices[0] < 0 or slices[-1] >= depth:
                raise PromptError(
                    f"a mask prompt's slices must lie in 0 to {depth - 1} along axis {self.axis}, "
                    f"got {list(slices)}"
                )
        elif not self.mask.kept.any():
            raise PromptError("a mask prompt needs at least one voxel, got an empty mask")
        # what was said stays said, whatever becomes of it
        held = _held(self.mask.kept, self.axis, slices)
        object.__setattr__(self, "mask", Mask(held, self.mask.grid, self.mask.source))

    @classmethod
    def on_slices(
        cls, planes: Mapping[int, Bool[Array, "u v"]], axis: int, grid: Grid
    ) -> "MaskPrompt":
        """From the slices alone, without an array of the whole volume.

        Args:
            planes: Slice index to what the object is there, with the two other axes in order.
            axis: The voxel axis that they are perpendicular to.
            grid: Of the volume.

        Raises:
            PromptError: If there is no slice, one lies outside the volume, or has another shape.
        """
        check_axis("a mask prompt", axis)
        across = tuple(size for other, size in enumerate(grid.shape) if other != axis)
        kept = blank(grid.shape)
        for number, plane in planes.items():
            if not 0 <= number < grid.shape[axis] or plane.shape != across:
                raise PromptError(
                    f"a mask prompt's slices must be {across} voxels, in 0 to "
                    f"{grid.shape[axis] - 1} along axis {axis}, got {plane.shape} at {number}"
                )
            kept[_plane(axis, number)] = np.expand_dims(plane, axis)
        return cls(Mask(kept, grid), axis, tuple(planes))

    def to_voxel(self, grid: Grid) -> "MaskPrompt":  # noqa: D102  (as in Prompt)
        if not self.mask.grid.matches(grid):
            raise GridMismatchError(
                f"a mask prompt must lie on the volume's own grid of {grid.shape} voxels, got one "
                f"of {self.mask.grid.shape} elsewhere in space; resample it onto the volume first"
            )
        return self

    def voxels(self) -> Int[Array, "n 3"]:  # noqa: D102
        if self.axis is None:
            box = self.mask.box
            voxels: Array = np.argwhere(self.mask.kept[box.slices]) + np.array(box.start)
            return voxels
        return self._on_slices(inside=True)

    def scribbles(self, reach: int = 8) -> tuple[Scribble, ...]:
        """What the slices say, as strokes: inside positive, and a rim outside negative.

        Args:
            reach: How many voxels around the mask's box the rim goes, on each slice.
        """
        inside, outside = self._on_slices(inside=True), self._on_slices(inside=False)
        if len(inside):
            near = Box.around(inside).padded(reach)
            kept = (outside >= near.start).all(axis=1) & (outside < near.stop).all(axis=1)
            outside = outside[kept]
        return tuple(
            Scribble(voxels.astype(np.float64), positive)
            for voxels, positive in ((inside, True), (outside, False))
            if len(voxels)
        )

    def moved(self, matrix: Float[Array, "4 4"]) -> "MaskPrompt":
        """Never done: a view takes `scribbles()` or the previous mask instead.

        Raises:
            PromptError: Always.
        """
        raise PromptError("a mask prompt cannot be moved to another grid; it is resampled instead")

    def to_json(self) -> Json:  # noqa: D102
        values, lengths = encode_runs(self.mask.kept)
        fields: Json = {
            "kind": self.kind,
            "shape": list(self.mask.grid.shape),
            "affine": self.mask.grid.affine.tolist(),
            "first": bool(values[0]),
            "runs": lengths.tolist(),
        }
        if self.axis is not None:
            fields |= {"axis": self.axis, "slices": list(self.slices)}
        return fields

    @classmethod
    def from_json(cls, fields: Json, space: Space) -> "MaskPrompt":  # noqa: D102
        if not sign("a mask prompt", fields.get("positive", True)):
            raise PromptError("a mask prompt is always positive, got one that is not")
        grid = Grid(fields["shape"], fields["affine"])
        lengths = _lengths(grid, fields["runs"])
        values = (np.arange(len(lengths)) % 2 == 0) == sign("a mask's first run", fields["first"])
        mask = Mask(decode_mask(values, lengths, grid.shape), grid)
        return cls(mask, fields.get("axis"), fields.get("slices", ()))

    def _on_slices(self, inside: bool) -> Int[Array, "n 3"]:
        assert self.axis is not None
        planes = _planes(self.mask.kept, self.axis, self.slices)
        voxels: Array = np.argwhere(planes == inside)
        voxels[:, self.axis] = np.array(self.slices)[voxels[:, self.axis]]
        return voxels


def _lengths(grid: Grid, runs: Any) -> Int[Array, " n"]:
    """The lengths of runs, summed up before anything of the mask's size is allocated."""
    voxels = prod(grid.shape)
    if voxels > LARGEST:
        raise PromptError(
            f"a mask prompt needs a shape of at most {LARGEST} voxels, got {grid.shape}; "
            "crop the mask"
        )
    lengths = [index(n) for n in runs]
    if min(lengths, default=0) < 0 or sum(lengths) != voxels:
        raise PromptError(
            f"a mask prompt's runs must be lengths from 0 up that fill its shape {grid.shape} of "
            f"{voxels} voxels, got {len(lengths)} runs of {sum(lengths)} voxels"
        )
    return np.array(lengths, dtype=np.int64)


def _held(kept: Array | Blocks, axis: int | None, slices: tuple[int, ...]) -> Array | Blocks:
    """The mask as nobody else can write to it; of a large volume blocks, on slices those alone."""
    if isinstance(kept, Blocks):
        return kept.copy()
    if kept.size > blocks.DENSE and axis is None:
        return Blocks.of(kept)
    if kept.size > blocks.DENSE:
        held = Blocks((kept.shape[0], kept.shape[1], kept.shape[2]))
        for number in slices:
            held[_plane(axis, number)] = kept[_plane(axis, number)]
        return held
    if kept.flags.writeable:
        kept = kept.copy()
        kept.setflags(write=False)
    return kept


def _planes(kept: Array | Blocks, axis: int, slices: Sequence[int]) -> Bool[Array, "i j k"]:
    """Slices side by side."""
    if isinstance(kept, Blocks):
        return np.concatenate([kept[_plane(axis, number)] for number in slices], axis=axis)
    planes: Array = np.take(kept, slices, axis=axis)
    return planes


def _plane(axis: int | None, number: int) -> tuple[slice, slice, slice]:
    i, j, k = (slice(number, number + 1) if n == axis else slice(None) for n in range(3))
    return (i, j, k)


def _check_mask(mask: object) -> None:
    if not isinstance(mask, Mask):
        raise PromptError(
            f"a mask prompt needs a Mask, an array with its grid, got {type(mask).__name__}; "
            "write Mask(array, volume.grid)"
        )
