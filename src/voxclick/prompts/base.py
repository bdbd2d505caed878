"""What all prompts share: a sign, a space, and the way into a volume."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, get_args

import numpy as np
from jaxtyping import Float, Int

from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS, apply_affine, nearest_voxel
from voxclick.types import Array, Json, Space


class Prompt(ABC):
    """One thing a user says about one object.

    A prompt is a value: it never changes, and every method returns a new one. A prompt in
    millimetres is turned into voxel indices once, by `to_voxel`, when it enters a session.

    Attributes:
        kind: Name of the kind in logs, on the wire and on the command line.
        positive: Whether it says "this is the object" (or "this is not").
        space: Where its coordinates live.
    """

    kind: ClassVar[str]
    positive: bool
    space: Space

    @abstractmethod
    def to_voxel(self, grid: Grid) -> "Prompt":
        """The same prompt in voxel indices of `grid`, checked against it.

        Raises:
            PromptError: If it does not lie in the volume.
            GridMismatchError: If it carries a mask on another grid.
        """

    @abstractmethod
    def voxels(self) -> Int[Array, "n 3"]:
        """The voxels it marks (for a prompt in voxel indices), each once."""

    @abstractmethod
    def moved(self, matrix: Float[Array, "4 4"]) -> "Prompt":
        """The same prompt in the indices of another grid; `matrix` maps the old to the new.

        Each old axis must fall onto one new axis, as in the views that models look at.
        """

    @abstractmethod
    def to_json(self) -> Json:
        """Its fields as in the prompt log, `kind` included and `space` left out."""

    @classmethod
    @abstractmethod
    def from_json(cls, fields: Json, space: Space) -> "Prompt":
        """The prompt that `to_json` wrote.

        Raises:
            KeyError: If a field is missing; the log names it.
            PromptError: If a field holds what no prompt can.
        """


FARTHEST = 1e9
"""Coordinates beyond this, in voxels or mm, lie in no volume."""


def coordinates(what: str, values: Any, like: str) -> Float[Array, "n 3"]:
    """The values as rows of three finite numbers.

    Raises:
        PromptError: If they are anything else; the message says `what` needs `like`.
    """
    try:
        given = np.array(values)
    except (TypeError, ValueError):
        raise PromptError(f"{what} needs {like}, got {_short(values)}") from None
    if given.size and given.dtype.kind not in "iuf":
        raise PromptError(f"{what} needs {like}, got {_short(values)}")
    array = given.astype(np.float64)
    if array.size == 0:
        raise PromptError(f"{what} needs {like}, got none; draw at least one")
    rows = np.atleast_2d(array)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise PromptError(f"{what} needs {like}, got {_short(values)}")
    if not (np.abs(rows) < FARTHEST).all():
        raise PromptError(
            f"{what} needs finite numbers below {FARTHEST:g}, got {_short(values)}; check the unit"
        )
    rows.setflags(write=False)
    return rows


def sign(what: str, positive: object) -> bool:
    """Whether the prompt is positive; raises PromptError for anything but true or false."""
    if isinstance(positive, bool | np.bool_ | int | np.integer) and positive in (0, 1):
        return bool(positive)
    raise PromptError(f"{what} must be positive or not (true or false), got {_short(positive)}")


def check_axis(what: str, axis: object) -> None:
    """Raise PromptError unless it is the number of a voxel axis."""
    if not isinstance(axis, int | np.integer) or isinstance(axis, bool) or axis not in (0, 1, 2):
        raise PromptError(f"{what}'s axis must be 0, 1 or 2, got {_short(axis)}")


def check_space(space: str) -> None:
    """Raise PromptError unless the space is one that voxclick knows."""
    if space not in get_args(Space):
        known = ", ".join(get_args(Space))
        raise PromptError(f"a prompt's space must be one of {known}, got {space!r}")


def indices_in(grid: Grid, points: Float[Array, "n 3"], space: Space) -> Float[Array, "n 3"]:
    """Coordinates in any space as voxel indices (float) of the grid."""
    if space == "voxel":
        return points
    if space == "lps":
        points = apply_affine(RAS_TO_LPS, points)
    # a millionth of a voxel: the same place in mm is the same index, not one a rounding error off
    return np.round(grid.to_voxel(points), 6)


def check_inside(what: str, grid: Grid, indices: Float[Array, "n 3"], given: Array) -> None:
    """Raise PromptError unless every index falls into the grid; quotes the first that does not."""
    outside = ~grid.contains(indices)
    if outside.any():
        row = int(np.argmax(outside))
        index = ", ".join(f"{v:g}" for v in np.round(indices[row], 2))
        told = ", ".join(f"{v:g}" for v in given[row])
        where = "" if np.allclose(indices[row], given[row]) else f", which is voxel ({index})"
        raise PromptError(
            f"{what} must lie inside the volume of {grid.shape[0]} x {grid.shape[1]} x "
            f"{grid.shape[2]} voxels, got ({told}){where}; check the order and the space of "
            "the coordinates"
        )


def unique_voxels(indices: Float[Array, "n 3"]) -> Int[Array, "m 3"]:
    """The voxels that these indices fall into, each once, in the order they first come."""
    voxels = nearest_voxel(indices)
    _, first = np.unique(voxels, axis=0, return_index=True)
    return voxels[np.sort(first)]


def _short(values: object) -> str:
    text = repr(values.tolist() if isinstance(values, np.ndarray) else values)
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
