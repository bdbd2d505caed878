"""From the grid of a view to one half as fine, and back, without losing a voxel.

Along thin axes two neighbours become one voxel with two sub-voxels; along axes of thick slices each
voxel is taken twice, so that a folded voxel is nearer to a cube. The end is padded.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from voxclick.types import Index3, Vector3

THICK = 1.6
"""A step this much longer than the finest is not folded."""

MULTIPLE = 8
"""Folded sizes are multiples of this, so that three poolings fit."""


@dataclass(frozen=True)
class Folding:
    """How one view is folded.

    Attributes:
        shape: Of the view.
        thick: Along which axes its voxels are taken twice.
    """

    shape: Index3
    thick: tuple[bool, bool, bool]

    @classmethod
    def of(cls, shape: Index3, lengths: Vector3) -> "Folding":
        """The folding of a view.

        Args:
            shape: Of the view.
            lengths: Length of a step along each axis; 1 for the finest.
        """
        i, j, k = (length > THICK for length in lengths)
        return cls(shape, (i, j, k))

    @property
    def folded(self) -> Index3:
        """Shape of the folded grid."""
        i, j, k = (
            -(-(size if thick else -(-size // 2)) // MULTIPLE) * MULTIPLE
            for size, thick in zip(self.shape, self.thick, strict=True)
        )
        return (i, j, k)

    def subvoxels(self, maps: Float[Tensor, "c i j k"]) -> Float[Tensor, "subvoxels u v w"]:
        """Every channel as eight, one a sub-voxel; the border is repeated."""
        even = self._even(maps, "replicate")
        return _unshuffle(even)

    def mean(self, maps: Float[Tensor, "c i j k"]) -> Float[Tensor, "c u v w"]:
        """The mean over the sub-voxels; 0 beyond the view."""
        return functional.avg_pool3d(self._even(maps, "constant")[None], 2)[0]

    def most(self, maps: Float[Tensor, "c i j k"]) -> Float[Tensor, "c u v w"]:
        """The most of the sub-voxels; 0 beyond the view."""
        return functional.max_pool3d(self._even(maps, "constant")[None], 2)[0]

    def back(self, folded: Float[Tensor, "subvoxels u v w"]) -> Float[Tensor, "c i j k"]:
        """Sub-voxels where they belong, on the grid of the view."""
        fine = _shuffle(folded)
        for axis, thick in enumerate(self.thick, start=1):
            if thick:
                fine = (_every_second(fine, axis, 0) + _every_second(fine, axis, 1)) / 2
            fine = fine.narrow(axis, 0, self.shape[axis - 1])
        return fine

    def _even(self, maps: Tensor, mode: str) -> Tensor:
        for axis, thick in enumerate(self.thick, start=1):
            if thick:
                maps = maps.repeat_interleave(2, dim=axis)
        i, j, k = (2 * n - m for n, m in zip(self.folded, maps.shape[1:], strict=True))
        return functional.pad(maps[None], (0, k, 0, j, 0, i), mode=mode)[0]


def _every_second(fine: Tensor, axis: int, first: int) -> Tensor:
    return fine[(slice(None),) * axis + (slice(first, None, 2),)]


def _unshuffle(even: Tensor) -> Tensor:
    c, i, j, k = even.shape
    parts = even.reshape(c, i // 2, 2, j // 2, 2, k // 2, 2)
    return parts.permute(0, 2, 4, 6, 1, 3, 5).reshape(8 * c, i // 2, j // 2, k // 2)


def _shuffle(folded: Tensor) -> Tensor:
    c, u, v, w = folded.shape
    parts = folded.reshape(c // 8, 2, 2, 2, u, v, w).permute(0, 4, 1, 5, 2, 6, 3)
    return parts.reshape(c // 8, 2 * u, 2 * v, 2 * w)
