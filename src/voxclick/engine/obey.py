"""The prompts are obeyed: what they mark is so in the mask, whatever the model said."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from voxclick.errors import PromptError
from voxclick.geometry import Box
from voxclick.prompts import BoxPrompt, MaskPrompt, Point, Prompt, Scribble
from voxclick.types import Array, Index3


@dataclass(frozen=True, eq=False)
class Mark:
    """The voxels about which a prompt leaves no doubt.

    Points and scribbles are what they say; the inside of a negative box or lasso is not the
    object; the slices of a mask prompt are as drawn. A positive box or lasso is a loose frame
    and settles no voxel.

    Attributes:
        box: Holds them all; empty where there are none.
        prompt: Who says so.
        voxels: They themselves, where they do not fill whole boxes.
    """

    box: Box
    prompt: Prompt
    voxels: Int[Array, "n 3"] | None = None

    @classmethod
    def of(cls, prompt: Prompt) -> "Mark":
        """What a prompt settles."""
        if isinstance(prompt, MaskPrompt):
            return cls(_slab(prompt), prompt)
        if isinstance(prompt, BoxPrompt):
            return cls(Box.EMPTY if prompt.positive else prompt.region, prompt)
        if isinstance(prompt, Point | Scribble) or not prompt.positive:
            voxels = prompt.voxels()
            return cls(Box.around(voxels), prompt, voxels)
        return cls(Box.EMPTY, prompt)

    def apply(self, mask: Bool[Array, "i j k"], box: Box) -> None:
        """Set, in place, what is settled of a mask that covers `box`."""
        inside = self.box.intersection(box)
        if inside.empty:
            return
        start = np.array(box.start)
        if self.voxels is not None:
            voxels = self.voxels - start
            within = np.all((voxels >= 0) & (voxels < np.array(box.shape)), axis=1)
            i, j, k = voxels[within].T
            mask[i, j, k] = self.prompt.positive
        elif isinstance(self.prompt, MaskPrompt):
            axis = self.prompt.axis
            assert axis is not None
            for index in self.prompt.slices:
                if box.start[axis] <= index < box.stop[axis]:
                    plane = _plane(box, axis, index)
                    drawn = self.prompt.mask.kept[plane.slices]
                    mask[_local(plane, box).slices] = drawn
        else:
            mask[_local(inside, box).slices] = False


def check_contradiction(prompt: Prompt, earlier: Sequence[Prompt]) -> None:
    """Raise PromptError if a point says the opposite of an earlier point in the same voxel."""
    if not isinstance(prompt, Point):
        return
    voxel = _voxel(prompt)
    for other in earlier:
        opposite = isinstance(other, Point) and other.positive != prompt.positive
        if opposite and _voxel(other) == voxel:
            signs = ("negative", "positive")
            raise PromptError(
                f"a voxel can be marked one way only, got a {signs[prompt.positive]} point on a "
                f"{signs[other.positive]} one in {voxel}; undo one of them"
            )


def _voxel(point: Prompt) -> Index3:
    i, j, k = point.voxels()[0]
    return (int(i), int(j), int(k))


def _slab(prompt: MaskPrompt) -> Box:
    if prompt.axis is None:
        return Box.EMPTY
    whole = prompt.mask.grid.box
    first = _plane(whole, prompt.axis, prompt.slices[0])
    return first.union(_plane(whole, prompt.axis, prompt.slices[-1]))


def _plane(box: Box, axis: int, index: int) -> Box:
    """One slice of a box."""
    start, stop = list(box.start), list(box.stop)
    start[axis], stop[axis] = index, index + 1
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _local(inside: Box, box: Box) -> Box:
    return inside.shifted((-box.start[0], -box.start[1], -box.start[2]))
