"""The seam that every family fills: how it looks at a volume, its dear half and its cheap half."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from voxclick.geometry import Box, Grid
from voxclick.preprocess import View
from voxclick.preprocess.turn import Turn
from voxclick.preprocess.view import window
from voxclick.prompts import Prompt
from voxclick.types import Index3, Vector3

UPRIGHT = "RAS"
"""The patient's axes, in the order that `Spec.whole_mm` tells spacings."""


@dataclass(frozen=True)
class Spec:
    """What a family takes and how it looks at a volume.

    Attributes:
        name: Name in the table of models.
        prompts: Kinds of prompts it takes.
        patch: Voxels of a view along `i`, `j`, `k`.
        spacings_mm: Spacing of each level, fine to coarse. No view is finer than the volume along
            an axis unless `fixed_patch`; level `n` is at most `2^(n+1)` of the volume's finest
            voxels, so that small voxels get small views. The first is as fine as the volume where
            a view of no fixed patch holds all of it; the last is as coarse as it takes to see the
            whole volume.
        start: Level of the first look.
        fixed_patch: Whether the model needs views of exactly `patch` voxels, isotropic; else
            views shrink with thick slices and small volumes.
        border_voxels: A mask this near a face of the view asks for a wider one.
        refinements: How many finer patches one prompt may refine.
        growths: The strategies of the engine that suit it (`engine.growth.kinds`), the default
            first.
        whole_mm: For a model that sees volumes whole: the spacing of its only view along the
            patient's axes left-right, back-front and feet-head; None for views of `patch` voxels.
    """

    name: str
    prompts: frozenset[str]
    patch: Index3 = (64, 64, 64)
    spacings_mm: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0)
    start: int = 0
    fixed_patch: bool = False
    border_voxels: int = 2
    refinements: int = 8
    growths: tuple[str, ...] = ("wider", "cross-patch")
    whole_mm: Vector3 | None = None

    def spacing_mm(self, grid: Grid, level: int) -> Vector3:
        """The spacing of views of this volume at a level, per axis."""
        native = grid.spacing_mm
        if self.whole_mm is not None:
            order = Turn.to(UPRIGHT, grid).order
            i, j, k = (self.whole_mm[order.index(axis)] for axis in range(3))
            return (i, j, k)
        spacing = min(self.spacings_mm[level], 2.0 ** (level + 1) * min(native))
        outgrown = np.array(grid.shape) > (0 if self.fixed_patch else self.patch)
        whole = float((outgrown * native * grid.shape / self.patch).max())
        if level == 0 and not self.fixed_patch:
            spacing = min(spacing, max(whole, min(native)))
        if level == len(self.spacings_mm) - 1:
            spacing = max(spacing, whole)
        if self.fixed_patch:
            return (spacing, spacing, spacing)
        return (max(spacing, native[0]), max(spacing, native[1]), max(spacing, native[2]))

    def look(self, grid: Grid, focus: Box, level: int) -> Grid:
        """Where to look: a window at a level around the middle of `focus`, kept in the volume.

        Args:
            grid: The volume's grid.
            focus: Native voxels of interest.
            level: Index into `spacings_mm`.
        """
        spacing = self.spacing_mm(grid, level)
        steps = np.array(spacing) / np.array(grid.spacing_mm)
        fitting = np.maximum(np.ceil(np.array(grid.shape) / steps - 1e-6), 1).astype(int)
        shape = np.array(self.patch) if self.fixed_patch else np.minimum(self.patch, fitting)
        if self.whole_mm is not None:
            shape = fitting
        middle = (np.array(focus.start) + np.array(focus.stop) - 1) / 2
        reach = shape * steps / 2 - 0.5
        last = np.array(grid.shape) - 1
        centre = np.where(
            2 * reach >= last, last / 2, np.clip(middle, reach, np.maximum(last - reach, reach))
        )
        return window(
            grid,
            spacing,
            (int(shape[0]), int(shape[1]), int(shape[2])),
            (float(centre[0]), float(centre[1]), float(centre[2])),
        )

    def levels(self, grid: Grid) -> int:
        """How many levels are of use: up to the first whose view covers the whole volume."""
        if self.whole_mm is not None:
            return 1
        for level in range(len(self.spacings_mm)):
            extent = np.array(self.spacing_mm(grid, level)) * self.patch
            if (extent >= np.array(grid.spacing_mm) * grid.shape - 1e-6).all():
                return level + 1
        return len(self.spacings_mm)


class Embedding(ABC):
    """What a family computed of a view, to be used by every click on it."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory it holds, for the cache's budget."""


class Segmenter(ABC):
    """A promptable model. It holds weights and a device, and no state between clicks.

    Attributes:
        spec: What it takes and how it looks at a volume; `load` names it as the user did.
        device: Where it computes.
    """

    spec: Spec
    device: torch.device

    @abstractmethod
    def embed(self, view: View) -> Embedding:
        """The dear half: whatever depends on the image alone."""

    @abstractmethod
    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        """The cheap half: logits on the view's grid, above 0 where the object is.

        Pure: the same arguments give the same logits, and nothing is kept.

        Args:
            embedding: Of the view.
            prompts: In indices of the view, oldest first; may be empty when `previous` is not.
            previous: The object's mask before the newest prompt, 0 to 1, on the view's grid; None
                for a new object.
        """


class CrossPatch(ABC):
    """What a segmenter adds that can say where an object goes on in a neighbouring view.

    Source: CT-SAM3D, arXiv 2403.15063, the cross-patch prompt of its overview figure.
    """

    @abstractmethod
    def heat(
        self, here: Embedding, mask: Float[Tensor, "i j k"], there: Embedding
    ) -> Float[Tensor, "u v w"] | None:
        """How good a place for a click each voxel of the neighbouring view is, about 0 to 1.

        Args:
            here: The view that the object was found in.
            mask: The object there, 0 to 1, on the grid of `here`.
            there: The neighbouring view; of the same spacing.

        Returns:
            On the grid of `there`; None where the weights have no such part.
        """


class SliceMemory(ABC):
    """What a slice tells the slices visited after it: a value, small, and the family's own."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory it holds."""


@dataclass(frozen=True, eq=False)
class Memories:
    """What is known of an object when one more slice is answered.

    Attributes:
        index: Number of the slice along its axis.
        step: 1 where slices are visited upwards, -1 where downwards.
        count: Slices along the axis.
        prompted: Of slices with prompts, by number; all of them count, on both sides.
        tracked: Of slices that were visited, by number; the nearest ones behind count.
    """

    index: int
    step: int
    count: int
    prompted: Mapping[int, SliceMemory]
    tracked: Mapping[int, SliceMemory]


@dataclass(frozen=True, eq=False)
class SliceAnswer:
    """The object on one slice.

    Attributes:
        logits: On the family's own raster, above 0 where the object is.
        quality: How well the model thinks the mask fits, 0 to 1.
        presence: Logit of the object being on this slice at all; below 0 the mask is empty.
        token: The family's description of the object here, for `remember`.
        prompted: Whether prompts on this very slice led to it.
    """

    logits: Float[Tensor, "h w"]
    quality: Float[Tensor, ""]
    presence: Float[Tensor, ""]
    token: Float[Tensor, " e"]
    prompted: bool


class SliceSegmenter(Segmenter):
    """A family that answers single slices, with the prompts on them.

    Its views are one voxel thick along the axis across which it sees slices. All of its functions
    are pure: what was found before comes in as `previous` and `memories`, and nothing is kept.
    """

    @abstractmethod
    def slice_grid(self, grid: Grid, axis: int, index: int) -> Grid:
        """The grid of the view that shows one slice of a volume, whole."""

    @abstractmethod
    def prompt(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: SliceAnswer | None = None,
        memories: Memories | None = None,
    ) -> SliceAnswer:
        """The object on a slice with prompts.

        Args:
            embedding: Of the slice's view.
            prompts: All prompts of this slice, in indices of its view, oldest first.
            previous: What was found on this slice before the newest prompt; None for nothing.
            memories: Of other slices, where this one was visited from them; None where it was not,
                and always where the family keeps none.
        """

    @abstractmethod
    def draw(self, embedding: Embedding, mask: Float[Tensor, "i j k"]) -> SliceAnswer:
        """The object on a slice where a mask, 0 to 1 on the slice's view, says what it is."""

    @abstractmethod
    def spread(self, embedding: Embedding, answer: SliceAnswer) -> Float[Tensor, "i j k"]:
        """The answer's logits on the grid of the slice's view."""


class SliceTracker(SliceSegmenter):
    """A family that goes on from slice to slice, each from the memory of others."""

    @abstractmethod
    def track(self, embedding: Embedding, memories: Memories) -> SliceAnswer:
        """The object on a slice without prompts, from the memories of others."""

    @abstractmethod
    def remember(self, embedding: Embedding, answer: SliceAnswer) -> SliceMemory:
        """What a slice's answer tells other slices."""
