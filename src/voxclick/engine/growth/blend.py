"""Answers of overlapping patches as one: probabilities weighed by a smooth window."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float16
from torch import Tensor

from voxclick.geometry import Box
from voxclick.preprocess import View
from voxclick.types import Array
from voxclick.volume import Blocks

KNOWN = 0.05
"""Weight of the mask so far: it counts where a patch sees little, at its very border."""

LEAST = 1e-3
"""Weight of a patch at its faces."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One patch on native voxels.

    Attributes:
        box: Which.
        known: The object's mask before the answer.
        probability: Of being the object, in half precision.
        sides: Weight along each axis, 1 in the middle and next to nothing at the faces; a voxel's
            weight is their product.
    """

    box: Box
    known: Bool[Array, "i j k"]
    probability: Float16[Array, "i j k"]
    sides: tuple[Array, ...]

    def add_to(self, box: Box, inside: Array, share: Array) -> None:
        """Add the part within a box: weighed probability, and weight."""
        common = self.box.intersection(box)
        if common.empty:
            return
        here, there = _within(common, box), _within(common, self.box)
        i, j, k = (side[part] for side, part in zip(self.sides, there, strict=True))
        weight = i[:, None, None] * j[:, None] * k
        inside[here] += self.probability[there] * weight
        share[here] += weight


class Blend:
    """What the patches of one answer found so far.

    Args:
        corrects: Whether there was a mask before, which counts for a little.
    """

    def __init__(self, corrects: bool) -> None:
        self._corrects = corrects
        self._seen: list[Seen] = []

    def add(
        self, view: View, probability: Float[Tensor, "i j k"], claim: Bool[Array, "x y z"] | Blocks
    ) -> tuple[Box, Bool[Array, "u v w"]]:
        """Take in one patch, and give the object's mask on the native voxels that it covers.

        Args:
            view: The patch.
            probability: Of being the object, on the view's grid.
            claim: The object's mask so far, with what earlier patches were written into it.
        """
        box = view.box
        known = self._before(box, claim)
        native = view.restore(probability, box).logits.half().cpu().numpy()
        self._seen.append(Seen(box, known, native, _sides(view)))
        inside: Array = np.zeros(box.shape, dtype=np.float32)
        share: Array = np.zeros(box.shape, dtype=np.float32)
        if self._corrects:
            inside += KNOWN * known
            share += KNOWN
        for seen in self._seen:
            seen.add_to(box, inside, share)
        return box, inside > 0.5 * share

    def _before(self, box: Box, claim: Bool[Array, "x y z"] | Blocks) -> Bool[Array, "u v w"]:
        """The mask in a box as it was before the first patch, at the cost of the box alone."""
        known: Array = claim[box.slices].copy()
        for seen in self._seen:
            common = seen.box.intersection(box)
            if not common.empty:
                known[_within(common, box)] = seen.known[_within(common, seen.box)]
        return known


def _sides(view: View) -> tuple[Array, ...]:
    """The window of a patch along each axis, at its native voxels."""
    to_view = view.native.index_map(view.grid)
    sides = []
    for axis, size in enumerate(view.grid.shape):
        natives = np.arange(view.box.start[axis], view.box.stop[axis])
        place = (to_view[axis, axis] * natives + to_view[axis, 3] + 0.5) / size
        sides.append((np.sin(np.pi * np.clip(place, 0, 1)) ** 2 + LEAST).astype(np.float32))
    return tuple(sides)


def _within(part: Box, whole: Box) -> tuple[slice, slice, slice]:
    i, j, k = whole.start
    return part.shifted((-i, -j, -k)).slices
