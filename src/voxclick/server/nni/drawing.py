"""Prompts out of the voxel masks that clients draw."""

from collections.abc import Iterator

import fill_voids
import numpy as np
from jaxtyping import Bool, Float

from voxclick.errors import PromptError
from voxclick.geometry import Box
from voxclick.prompts import Lasso, Scribble
from voxclick.types import Array, Index3

MOST_SCRIBBLED = 1 << 20
"""Voxels of one scribble; a hand draws thousands."""

MOST_EDGES = 1 << 16
"""Voxel edges along the outline of one lasso; a hand draws thousands."""


def scribble(drawn: Bool[Array, "i j k"], start: Index3, positive: bool) -> Scribble:
    """The marked voxels as a scribble.

    Args:
        drawn: A part of the volume, true where the brush went.
        start: The voxel of the volume that the part begins at.
        positive: Whether they are the object.

    Raises:
        PromptError: If none is marked, or more than a hand can draw.
    """
    count = int(np.count_nonzero(drawn))
    if not 0 < count <= MOST_SCRIBBLED:
        raise PromptError(
            f"a scribble marks 1 to {MOST_SCRIBBLED} voxels, got {count}; send what was drawn, or "
            "an initial segmentation for a whole mask"
        )
    return Scribble(np.argwhere(drawn) + np.array(start, dtype=np.float64), positive)


def lasso(drawn: Bool[Array, "i j k"], start: Index3, positive: bool) -> Lasso:
    """The outline of the marked voxels as a lasso, with what a closed line encloses filled.

    It encloses exactly those voxels. Regions that do not touch are one lasso all the same.

    Args:
        drawn: A part of the volume, true on the line or in all that it encloses.
        start: The voxel of the volume that the part begins at.
        positive: Whether the object is inside.

    Raises:
        PromptError: If none is marked, or they lie on several slices along every axis.
    """
    box = Box.of_mask(drawn)
    flat = [axis for axis in range(3) if box.shape[axis] == 1]
    if not flat:
        raise PromptError(
            "a lasso must mark voxels of one slice, got "
            f"{'none' if box.empty else ' x '.join(map(str, box.shape)) + ' voxels'}; "
            "draw one closed line"
        )
    axis = flat[-1]
    a, b = (other for other in range(3) if other != axis)
    plane = np.take(drawn[box.slices], 0, axis=axis)
    corners = _outline(fill_voids.fill(plane) > 0)
    vertices = np.zeros((len(corners), 3))
    vertices[:, [a, b]] = corners - 0.5
    return Lasso(vertices + np.array(box.start) + np.array(start), axis, positive)


def _outline(plane: Bool[Array, "a b"]) -> Float[Array, "n 2"]:
    """The corners of one polygon around the pixels; pixel `n` reaches from `n` to `n + 1`.

    Its loops are joined by lines that are gone both ways, which the even-odd rule does not see.
    """
    loops = list(_loops(plane))
    corners = loops[0]
    for loop in loops[1:]:
        corners = [*corners, loops[0][0], *loop, loop[0]]
    return np.array(corners, dtype=np.float64)


def _loops(plane: Bool[Array, "a b"]) -> Iterator[list[tuple[int, int]]]:
    """Closed walks along the edges between pixels inside and outside, corner by corner."""
    ahead = _edges(plane)
    while ahead:
        here = first = next(iter(ahead))
        walk, direction = [], (0, 0)
        while True:
            there = ahead[here].pop()
            if not ahead[here]:
                del ahead[here]
            step = (there[0] - here[0], there[1] - here[1])
            if step != direction:
                walk.append(here)
            here, direction = there, step
            if here == first:
                break
        yield walk


def _edges(plane: Bool[Array, "a b"]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """For each corner of the outline the next one, the inside always on the same hand."""
    wide = np.pad(plane, 1)
    ahead: dict[tuple[int, int], list[tuple[int, int]]] = {}
    count = 0
    # neighbour that is outside, and the two ends of the edge shared with it
    for (da, db), begin, end in (
        ((-1, 0), (0, 0), (0, 1)),
        ((0, 1), (0, 1), (1, 1)),
        ((1, 0), (1, 1), (1, 0)),
        ((0, -1), (1, 0), (0, 0)),
    ):
        beside = np.roll(wide, (-da, -db), axis=(0, 1))
        edges = np.argwhere(wide & ~beside) - 1
        count += len(edges)
        if count > MOST_EDGES:
            raise PromptError(
                f"a lasso's outline has at most {MOST_EDGES} voxel edges, got more; draw one "
                "closed line"
            )
        for r, c in edges.tolist():
            ahead.setdefault((r + begin[0], c + begin[1]), []).append((r + end[0], c + end[1]))
    return ahead
