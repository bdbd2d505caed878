"""What is known of a view before any prompt."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int

from voxclick.models.evidence.features import features, normalised, smoothed
from voxclick.preprocess import View
from voxclick.types import Array, Vector3

DRAWN = 1500
"""Voxels drawn from a view, for what the background looks like."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known of a view before any prompt.

    Attributes:
        intensity: Normalised and smoothed.
        table: Features, a row a voxel.
        drawn: Flat indices of voxels drawn from the whole view.
        lengths: Length of a step along each axis; 1 for the finest.
        cut: The faces behind which the volume goes on.
    """

    intensity: Float32[Array, "i j k"]
    table: Float32[Array, "n f"]
    drawn: Int[Array, " d"]
    lengths: Vector3
    cut: Bool[Array, "i j k"]

    @classmethod
    def of_view(cls, view: View) -> "Scene":
        """The scene that a view shows."""
        image = view.image.detach().to("cpu", torch.float32).numpy()
        spacing = np.array(view.grid.spacing_mm)
        i, j, k = (spacing / spacing.min()).tolist()
        return cls.of(image, (i, j, k), _cut_faces(view))

    @classmethod
    def of(
        cls, image: Float[Array, "i j k"], lengths: Vector3, cut: Bool[Array, "i j k"]
    ) -> "Scene":
        """The scene of an image.

        Args:
            image: In any scale.
            lengths: Length of a step along each axis; 1 for the finest.
            cut: The faces behind which the volume goes on.
        """
        intensity = smoothed(normalised(image), 0.6, lengths)
        generator = np.random.default_rng(0)
        count = min(DRAWN, intensity.size)
        drawn = np.sort(generator.choice(intensity.size, count, replace=False))
        return cls(intensity, features(intensity, lengths), drawn, lengths, cut)

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        arrays = (self.intensity, self.table, self.drawn, self.cut)
        return sum(int(array.nbytes) for array in arrays)


def _cut_faces(view: View) -> Bool[Array, "i j k"]:
    """The voxels on faces of the view behind which the volume goes on."""
    cut = np.zeros(view.grid.shape, dtype=np.bool_)
    for axis in range(3):
        layers = np.moveaxis(cut, axis, 0)
        if view.box.start[axis] > 0:
            layers[0] = True
        if view.box.stop[axis] < view.native.shape[axis]:
            layers[-1] = True
    return cut
