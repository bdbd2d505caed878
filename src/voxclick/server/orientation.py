"""The page's axes: the closest to right, anterior and superior, whatever the file's are.

Only here are the two translated. The page speaks of voxels `[x, y, z]` whose indices grow to the
patient's right, front and head; the engine of the file's own `[i, j, k]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Float

from voxclick.engine.track import SliceScores
from voxclick.errors import GridMismatchError
from voxclick.geometry import Box, Grid
from voxclick.prompts import Lasso, MaskPrompt, Point, Prompt, PromptLog, Scribble, Suggestion
from voxclick.types import Array, Index3, Json
from voxclick.volume import Mask

DIRECTIONS = ("RL", "AP", "SI")
"""What the axes x, y and z point to, and away from."""

NUDGE = 1e-6
"""Voxels; less than anybody can point at."""


@dataclass(frozen=True, eq=False)
class Orientation:
    """How a native grid is turned for the page; an axis permutation with flips, nothing more.

    Attributes:
        grid: The native grid.
        axes: The native axis that is shown along x, y and z.
        flipped: Whether x, y and z run against it.
    """

    grid: Grid
    axes: Index3
    flipped: tuple[bool, bool, bool]

    @classmethod
    def of(cls, grid: Grid) -> "Orientation":
        """The closest orientation to RAS+."""
        letters = grid.orientation
        axes = [next(a for a in range(3) if letters[a] in pair) for pair in DIRECTIONS]
        flipped = [letters[a] == pair[1] for a, pair in zip(axes, DIRECTIONS, strict=True)]
        return cls(grid, (axes[0], axes[1], axes[2]), (flipped[0], flipped[1], flipped[2]))

    @cached_property
    def view(self) -> Grid:
        """The page's grid: where its voxels `[x, y, z]` lie."""
        x, y, z = (self.grid.shape[a] for a in self.axes)
        return Grid((x, y, z), self.grid.affine @ self.to_native)

    @cached_property
    def to_native(self) -> Float[Array, "4 4"]:
        """The page's indices to native ones."""
        matrix = np.zeros((4, 4))
        matrix[3, 3] = 1
        for shown, (axis, flip) in enumerate(zip(self.axes, self.flipped, strict=True)):
            matrix[axis, shown] = -1 if flip else 1
            matrix[axis, 3] = self.grid.shape[axis] - 1 if flip else 0
        return matrix

    @cached_property
    def to_view(self) -> Float[Array, "4 4"]:
        """Native indices to the page's."""
        inverse: Array = np.round(np.linalg.inv(self.to_native))
        return inverse

    def turned(self, array: Array) -> Array:
        """A native array, or a box of one, as the page has it: a view, never a copy."""
        shown = array.transpose(self.axes)
        turned: Array = shown[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        return turned

    def turned_back(self, array: Array) -> Array:
        """An array of the page as the file has it: a view, never a copy."""
        shown = array[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        back: Array = shown.transpose(np.argsort(self.axes))
        return back

    def box_in_view(self, box: Box) -> Box:
        """A native box as the page has it."""
        if box.empty:
            return Box.EMPTY
        ends = [
            (self.grid.shape[a] - box.stop[a], self.grid.shape[a] - box.start[a])
            if flip
            else (box.start[a], box.stop[a])
            for a, flip in zip(self.axes, self.flipped, strict=True)
        ]
        (x0, x1), (y0, y1), (z0, z1) = ends
        return Box((x0, y0, z0), (x1, y1, z1))

    def native_prompt(self, fields: Json) -> Prompt:
        """A prompt as it came over the wire, in native voxel indices where it came in the page's.

        Args:
            fields: As in the prompt log, with `space`: `view`, `voxel`, `ras` or `lps`.

        Raises:
            PromptError: If it holds what no prompt can, or lies outside the volume.
            LogError: If a field is missing or of the wrong kind.
            GridMismatchError: If it carries a mask of another shape.
        """
        space = fields.get("space", "voxel")
        shown = space == "view"
        on = self.view if shown else self.grid
        given = {key: value for key, value in fields.items() if key != "space"}
        if given.get("kind") == "mask":
            given = {"affine": on.affine.tolist(), **given}
            _check_shape(given.get("shape"), on)
        prompt = _parsed(given, "voxel" if shown else space).to_voxel(on)
        if not shown:
            return prompt
        if isinstance(prompt, MaskPrompt):
            return self._native_mask(prompt)
        return self._settled(prompt.moved(self.to_native)).to_voxel(self.grid)

    def shown_prompt(self, prompt: Prompt) -> Json:
        """A prompt in native indices as the page draws it; a mask without its voxels."""
        if not isinstance(prompt, MaskPrompt):
            fields = prompt.moved(self.to_view).to_json()
            return {key: _plain(value) for key, value in fields.items()}
        if prompt.axis is None:
            return {"kind": "mask", "positive": True, "axis": None, "slices": []}
        axis = self.axes.index(prompt.axis)
        return {
            "kind": "mask",
            "positive": True,
            "axis": axis,
            "slices": sorted(self._mirrored(n, axis) for n in prompt.slices),
        }

    def shown_scores(self, scores: SliceScores) -> Json:
        """The scores of slices as the page draws them, in ascending order there."""
        axis = self.axes.index(scores.axis)
        numbers = [self._mirrored(number, axis) for number in scores.numbers]
        quality = dict(zip(numbers, scores.quality, strict=True))
        return {
            "axis": axis,
            "numbers": sorted(numbers),
            "quality": [round(quality[number], 3) for number in sorted(numbers)],
            "prompted": sorted(self._mirrored(number, axis) for number in scores.prompted),
        }

    def native_index(self, at: Sequence[float], space: str) -> Index3:
        """The native voxel that a place lies in.

        Args:
            at: Three coordinates.
            space: Where they live, as in `native_prompt`.

        Raises:
            PromptError: If it lies outside the volume.
        """
        point = self.native_prompt({"kind": "point", "at": list(at), "space": space})
        i, j, k = (int(n) for n in point.voxels()[0])
        return (i, j, k)

    def shown_suggestion(self, suggestion: Suggestion) -> Json:
        """A place worth a look as the page shows it."""
        at = [self._mirrored(suggestion.at[native], n) for n, native in enumerate(self.axes)]
        return {"at": at, "positive": suggestion.positive, "doubt": suggestion.doubt}

    def _native_mask(self, prompt: MaskPrompt) -> MaskPrompt:
        mask = Mask(np.ascontiguousarray(self.turned_back(prompt.mask.array)), self.grid)
        if prompt.axis is None:
            return MaskPrompt(mask)
        slices = [self._mirrored(n, prompt.axis) for n in prompt.slices]
        return MaskPrompt(mask, self.axes[prompt.axis], slices)

    def _settled(self, prompt: Prompt) -> Prompt:
        """A prompt whose places on the border of two mirrored voxels stay in the one they were in.

        Voxel `v` owns `[v - 0.5, v + 0.5)`: mirrored, its lower border would be the next voxel's.
        """
        mirrored = np.zeros(3, dtype=np.bool_)
        mirrored[list(self.axes)] = self.flipped

        def within(rows: Array) -> Array:
            border = mirrored & (np.floor(rows + 0.5) == rows + 0.5)
            settled: Array = np.where(border, rows - NUDGE, rows)
            return settled

        if isinstance(prompt, Point):
            i, j, k = within(np.array([prompt.at]))[0]
            return Point((float(i), float(j), float(k)), prompt.positive)
        if isinstance(prompt, Scribble):
            return Scribble(within(prompt.points), prompt.positive)
        if isinstance(prompt, Lasso):
            return Lasso(within(prompt.vertices), prompt.axis, prompt.positive)
        return prompt

    def _mirrored(self, index: int, axis: int) -> int:
        return self.view.shape[axis] - 1 - index if self.flipped[axis] else index


def _parsed(fields: Json, space: str) -> Prompt:
    """One prompt by the rules of the prompt log, whose messages say what is wrong."""
    log = PromptLog.from_json({"space": space, "objects": [{"prompts": [fields]}]})
    return log.objects[0].prompts[0]


def _check_shape(shape: Any, grid: Grid) -> None:
    """Raise before anything of a mask's declared size is allocated."""
    if not isinstance(shape, list) or tuple(shape) != grid.shape:
        told = "nothing" if shape is None else str(shape)[:60]
        raise GridMismatchError(
            f"a mask prompt needs the shape of the volume, {list(grid.shape)} of "
            f"{prod(grid.shape)} voxels, got {told}; resample it onto the volume first"
        )


def _plain(value: Any) -> Any:
    """Coordinates with whole numbers written as such: a third of the bytes of a long stroke."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
