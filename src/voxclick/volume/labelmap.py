"""Several objects on one grid, one number each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voxclick.errors import InputError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.types import GivenArray
from voxclick.volume.mask import Mask
from voxclick.volume.volume import Source, check_shape


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Objects that do not overlap, as one array of label numbers; 0 is background.

    Attributes:
        array: Label numbers `[i, j, k]`, of an unsigned or signed integer type, none negative.
        grid: Where the voxels lie.
        names: Label number to name; may name labels that are absent, and leave others unnamed.
        source: The image it was drawn on; DICOM-SEG refers to it.

    Raises:
        GridMismatchError: If the array has not the grid's shape.
        InputError: If the array is not of whole numbers from 0 up.
    """

    array: GivenArray
    grid: Grid
    names: Mapping[int, str] = field(default_factory=dict)
    source: Source | None = None

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        check_shape("a label map", array, self.grid)
        if array.dtype.kind not in "iu" or (array.dtype.kind == "i" and int(array.min()) < 0):
            raise InputError(
                f"a label map must hold whole numbers from 0 up, got {array.dtype}"
                f" from {array.min()}"
            )
        object.__setattr__(self, "array", array)

    @property
    def labels(self) -> tuple[int, ...]:
        """The label numbers that occur or are named, in order, without 0."""
        present = {int(v) for v in np.unique(self.array.ravel(order="K"))} | {
            int(v) for v in self.names
        }
        return tuple(sorted(present - {0}))

    def name(self, label: int) -> str:
        """The label's name, or `label_<n>` where it has none."""
        return self.names.get(label, f"label_{label}")

    def mask(self, label: int | np.integer[Any] | str) -> Mask:
        """One object as a mask, by number or by name.

        Raises:
            UnknownNameError: If no label has that number or name.
        """
        number = self._number(label) if isinstance(label, str) else int(label)
        if number not in self.labels:
            raise UnknownNameError(f"no label {label!r}; there are {list(self.labels)}")
        return Mask(self.array == number, self.grid, self.source)

    def _number(self, name: str) -> int:
        for number in self.labels:
            if self.name(number) == name:
                return number
        known = ", ".join(self.name(n) for n in self.labels)
        raise UnknownNameError(f"no label is named {name!r}; there are {known or 'none'}")
