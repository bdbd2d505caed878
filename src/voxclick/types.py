"""The few type names that every layer shares."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
else:  # jaxtyping wants the bare class at run time
    Array = np.ndarray

Index3: TypeAlias = tuple[int, int, int]
"""Three whole voxel indices or a shape, in the axis order `i j k`."""

Vector3: TypeAlias = tuple[float, float, float]
"""Three numbers in the axis order `i j k` or `x y z`; the unit is in the name that carries it."""

if TYPE_CHECKING:
    GivenIndex3: TypeAlias = Index3
    GivenVector3: TypeAlias = Vector3
    GivenPoints: TypeAlias = Array
    GivenArray: TypeAlias = Array
    GivenBool: TypeAlias = bool
    GivenInt: TypeAlias = int
    GivenInts: TypeAlias = Sequence[int]
else:  # whatever is passed, NumPy's numbers too: who takes it checks it, in words
    GivenIndex3 = GivenVector3 = GivenPoints = GivenArray = GivenBool = GivenInt = GivenInts = Any

Space: TypeAlias = Literal["voxel", "ras", "lps"]
"""Where coordinates live: voxel indices, or millimetres to the right/anterior/superior
(`ras`) or to the left/posterior/superior (`lps`, as DICOM and ITK count)."""

Json: TypeAlias = dict[str, Any]
"""A JSON object."""
