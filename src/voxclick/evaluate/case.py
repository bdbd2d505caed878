"""One labelled case: where its image and its labels lie, and how they become objects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
from jaxtyping import Bool
from scipy.ndimage import find_objects

from voxclick import io
from voxclick.errors import GridMismatchError, InputError
from voxclick.evaluate.challenge.box import read_boxes
from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt
from voxclick.types import Array
from voxclick.volume import Mask, Volume


@dataclass(frozen=True, eq=False)
class Target:
    """One object of a case, to be segmented; it keeps no more than its own box of the truth.

    Attributes:
        label: Its number in the case.
        name: Its name, `label_<n>` where the data set gives none.
        grid: The image's.
        box: The smallest box that holds it; empty for an object without voxels.
        inside: The truth in that box.
        given: The box that the data set gives with it, as a prompt; None where it gives none.
    """

    label: int
    name: str
    grid: Grid
    box: Box
    inside: Bool[Array, "i j k"]
    given: BoxPrompt | None = None

    @property
    def voxels(self) -> int:
        """Number of voxels in the object."""
        return int(np.count_nonzero(self.inside))

    @property
    def mask(self) -> Mask:
        """The ground truth on the image's grid."""
        array = np.zeros(self.grid.shape, dtype=np.bool_)
        array[self.box.slices] = self.inside
        return Mask(array, self.grid)


@dataclass(frozen=True)
class Case:
    """One image of a data set with its labels, as one label map or as one mask a label.

    Attributes:
        name: Unique in the data set.
        group: The part of the data set it belongs to, such as a modality; empty for none.
        image: The image's file.
        labels: The label map's file; None when `masks` holds the labels.
        names: Label number to name; may leave labels unnamed.
        masks: Label number to the file of its mask.
        channel: Which channel of an image that has several along a fourth axis (NIfTI only); None
            for an image that has one.
        placed: Whether the labels' file says where they lie; if not, they lie on the image, and
            only their shape must fit.
        boxes: The file of a box prompt for each object (`evaluate.challenge.box`), if any.
        problem: Why it cannot be evaluated, such as a missing label; empty when it can be tried.
    """

    name: str
    group: str
    image: Path
    labels: Path | None
    names: Mapping[int, str] = field(default_factory=dict)
    masks: Mapping[int, Path] = field(default_factory=dict)
    channel: int | None = None
    placed: bool = True
    boxes: Path | None = None
    problem: str = ""

    def read(self) -> Volume:
        """The image, or the channel of it that is wanted.

        Raises:
            InputError: If it cannot be read.
        """
        if self.channel is None:
            return io.read(self.image)
        image = nib.load(self.image)
        array = np.asarray(image.dataobj[..., self.channel])
        return Volume(array, Grid(array.shape, image.affine))

    def targets(self, grid: Grid) -> Iterator[Target]:
        """Its objects, by label number; a mask file without a voxel gives an empty one.

        Args:
            grid: The image's, on which the labels must lie.

        Raises:
            InputError: If a label file cannot be read.
            GridMismatchError: If the labels lie on another grid than the image.
        """
        if self.labels is None:
            for label, path in sorted(self.masks.items()):
                mask = io.read_mask(path)
                self._check(grid, mask.grid, path)
                box = Box.of_mask(mask.array)
                name = self.names.get(label, f"label_{label}")
                yield Target(label, name, grid, box, mask.array[box.slices].copy())
            return
        labelmap = io.read_labelmap(self.labels)
        self._check(grid, labelmap.grid, self.labels)
        names = {**labelmap.names, **self.names}
        found = {
            label: slices
            for label, slices in enumerate(find_objects(labelmap.array), start=1)
            if slices is not None
        }
        boxes = self._boxes(len(found))
        for given, (label, (i, j, k)) in zip(boxes, found.items(), strict=True):
            box = Box((i.start, j.start, k.start), (i.stop, j.stop, k.stop))
            inside = labelmap.array[i, j, k] == label
            yield Target(label, names.get(label, f"label_{label}"), grid, box, inside, given)

    def _boxes(self, objects: int) -> Sequence[BoxPrompt | None]:
        """A box of the data set for each object, in the order of the labels, or None for each."""
        boxes = None if self.boxes is None else read_boxes(self.boxes)
        if boxes is None:
            return [None] * objects
        if len(boxes) != objects:
            raise InputError(
                f"a box is needed for each of the {objects} objects of {self.name}, got "
                f"{len(boxes)} in {self.boxes}; write them anew, or leave them out"
            )
        return boxes

    def _check(self, grid: Grid, other: Grid, path: Path) -> None:
        fits = grid.matches(other) if self.placed else grid.shape == other.shape
        if not fits:
            raise GridMismatchError(
                f"labels must lie on the grid of {self.image.name}, {_told(grid)}, got {path} with "
                f"{_told(other)}; resample the labels onto the image, or correct the header that "
                "is wrong"
            )


def unlabelled(name: str, image: Path, wanted: Path, group: str = "") -> Case:
    """A case whose label is missing, to be told of.

    Args:
        name: Of the case.
        image: Its image.
        wanted: Where its label should be.
        group: The part of the data set it belongs to.
    """
    problem = f"an image needs its label, got nothing at {wanted}; add it, or take the image out"
    return Case(name, group, image, None, problem=problem)


def _told(grid: Grid) -> str:
    """A grid in words, with where it begins: labels often differ from their image in that alone."""
    spacing, origin = (
        tuple(round(float(value), 3) for value in values)
        for values in (grid.spacing_mm, grid.affine[:3, 3])
    )
    return (
        f"{grid.shape} voxels of {spacing} mm, oriented {grid.orientation}, the first at {origin}"
    )
