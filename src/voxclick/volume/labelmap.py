"""Several objects on one grid, one number each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Integer

from voxclick.errors import InputError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.types import Array
from voxclick.volume.blocks import Blocks
from voxclick.volume.mask import Mask
from voxclick.volume.partwise import GivenVoxels
from voxclick.volume.volume import Source, check_shape


@dataclass(frozen=True, eq=False, init=False)
class LabelMap:
    """Objects that do not overlap, as one array of label numbers; 0 is background.

    Args:
        array: Label numbers `[i, j, k]`, of an unsigned or signed integer type, none negative.
            `Blocks` stay blocks, and `array` is made of them when it is asked for.
        grid: Where the voxels lie.
        names: Label number to name; may name labels that are absent, and leave others unnamed.
        source: The image it was drawn on; DICOM-SEG refers to it.

    Raises:
        GridMismatchError: If the array has not the grid's shape.
        InputError: If the array is not of whole numbers from 0 up.
    """

    kept: Array | Blocks
    grid: Grid
    names: Mapping[int, str]
    source: Source | None

    def __init__(
        self,
        array: GivenVoxels,
        grid: Grid,
        names: Mapping[int, str] | None = None,
        source: Source | None = None,
    ) -> None:
        given = array if isinstance(array, Blocks) else np.asarray(array)
        check_shape("a label map", given, grid)
        if given.dtype.kind not in "iu" or (given.dtype.kind == "i" and int(given.min()) < 0):
            raise InputError(
                f"a label map must hold whole numbers from 0 up, got {given.dtype}"
                f" from {given.min()}"
            )
        object.__setattr__(self, "kept", given)
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "names", {} if names is None else names)
        object.__setattr__(self, "source", source)

    @cached_property
    def array(self) -> Integer[Array, "i j k"]:
        """Label numbers `[i, j, k]`. Of blocks it takes memory only around the objects."""
        return self.kept.whole() if isinstance(self.kept, Blocks) else self.kept

    @classmethod
    def of(cls, mask: Mask, name: str) -> "LabelMap":
        """A mask as the only label, number 1."""
        kept = mask.kept
        typed = kept.typed(np.uint8) if isinstance(kept, Blocks) else kept.view(np.uint8)
        return cls(typed, mask.grid, {1: name}, mask.source)

    @property
    def labels(self) -> tuple[int, ...]:
        """The label numbers that occur or are named, in order, without 0."""
        if isinstance(self.kept, Blocks):
            occurring = self.kept.values()
        else:
            occurring = {int(v) for v in np.unique(self.kept.ravel(order="K"))}
        return tuple(sorted((occurring | {int(v) for v in self.names}) - {0}))

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
        same = self.kept.where(number) if isinstance(self.kept, Blocks) else self.kept == number
        return Mask(same, self.grid, self.source)

    @property
    def inside(self) -> Mask:
        """The voxels of any label."""
        inside = self.kept.nonzero() if isinstance(self.kept, Blocks) else self.kept > 0
        return Mask(inside, self.grid, self.source)

    def _number(self, name: str) -> int:
        for number in self.labels:
            if self.name(number) == name:
                return number
        known = ", ".join(self.name(n) for n in self.labels)
        raise UnknownNameError(f"no label is named {name!r}; there are {known or 'none'}")
