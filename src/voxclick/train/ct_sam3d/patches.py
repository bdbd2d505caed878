"""Patches of CT volumes on the axes and the spacing of CT-SAM3D, with one object each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from voxclick.train.ct_sam3d.settings import PatchSettings
from voxclick.train.volumes import Held, positions_of
from voxclick.types import Array

AXES = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
"""Where the axes `d, h, w` of a patch point in RAS, a column an axis: up, back, left (LPS)."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Where a patch lies in its volume.

    Attributes:
        matrix: Native voxels for a step along `d`, `h`, `w`, a column an axis.
        middle: Native index of the patch's middle.
        size: Voxels along each axis.
    """

    matrix: Float[Array, "3 3"]
    middle: Float[Array, "3"]
    size: int

    def moved(self, offset: Float[Array, "3"]) -> "Frame":
        """The same patch so many of its voxels further along its axes."""
        return Frame(self.matrix, self.middle + self.matrix @ offset, self.size)

    def index(self, native: Float[Array, "3"]) -> Float[Array, "3"]:
        """A native index as one of the patch."""
        found: Array = np.linalg.solve(self.matrix, native - self.middle) + (self.size - 1) / 2
        return found


@dataclass(frozen=True, eq=False)
class CtPatch:
    """One patch and the object in it.

    Attributes:
        image: Scaled to [0, 1]; 0 where there is no volume.
        truth: The object.
    """

    image: Float[Array, "d h w"]
    truth: Bool[Array, "d h w"]


def frame_at(
    held: Held, place: Float[Array, "3"], settings: PatchSettings, generator: np.random.Generator
) -> Frame:
    """A patch around a native index, some of them shifted, turned and scaled.

    Unshifted, the place is the patch's voxel `size / 2`, as where a first click is answered.
    """
    turn, shift, scale = np.eye(3), np.zeros(3), 1.0
    if generator.random() < settings.augmented:
        axis = generator.normal(size=3)
        angle = np.deg2rad(generator.uniform(-1, 1) * settings.turn_degrees)
        turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        shift = generator.uniform(-1, 1, 3) * settings.shift_mm
        scale = float(generator.uniform(*settings.scale))
    to_native = np.linalg.inv(held.grid.affine)[:3, :3]
    matrix = to_native @ turn @ AXES * (settings.spacing_mm * scale)
    middle = place + to_native @ shift - matrix @ np.full(3, 0.5)
    return Frame(matrix, middle, settings.patch)


def read_patch(held: Held, label: int, frame: Frame, window_hu: tuple[float, float]) -> CtPatch:
    """What a volume holds there.

    Args:
        held: The volume.
        label: The object's.
        frame: Where.
        window_hu: Intensities that become 0 and 1.
    """
    positions = positions_of(frame.matrix, frame.middle, (frame.size, frame.size, frame.size))
    labels, valid = held.read_labels(positions)
    image = held.read_image(positions, np.linalg.norm(frame.matrix, axis=1))
    low, high = window_hu
    scaled = np.clip((image - low) / (high - low), 0, 1) * valid
    return CtPatch(scaled.astype(np.float32), labels == label)
