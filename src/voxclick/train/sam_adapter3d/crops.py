"""Crops around a tumour or beside one, with the published transforms in one interpolation.

The published training resamples a volume to 1 mm, scales and turns it, pads it, and crops. Here a
crop is read from the volume as it is, at the places that all of that leads to; labels are those of
the nearest voxel instead of the interpolated ones above a half.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from voxclick.geometry import Box
from voxclick.preprocess.statistics import Intensity
from voxclick.preprocess.turn import Turn
from voxclick.train.sam_adapter3d.settings import CropSettings
from voxclick.train.volumes import Held, positions_of
from voxclick.types import Array

ATTEMPTS = 100
"""Voxels that are tried for one that is not the object's."""


@dataclass(frozen=True, eq=False)
class TumourCrop:
    """One crop.

    Attributes:
        image: Normalised; 0 where there is no volume.
        truth: The object.
    """

    image: Float[Array, "d h w"]
    truth: Bool[Array, "d h w"]


@dataclass(frozen=True, eq=False)
class Frame:
    """Where crops of a volume lie.

    Attributes:
        native: Native voxels for a step along depth, height and width, a column an axis.
        within: Voxels that crops are kept in, and outside of which they are 0.
    """

    native: Float[Array, "3 3"]
    within: Box

    @classmethod
    def of(cls, held: Held, settings: CropSettings, within: Box) -> "Frame":
        """For a volume, along its own axes, whichever way these lie."""
        turn = Turn.to(settings.axes, held.grid)
        native = np.zeros((3, 3))
        for axis, own in enumerate(turn.order):
            sign = -1.0 if axis in turn.flipped else 1.0
            native[own, axis] = sign * settings.spacing_mm / held.grid.spacing_mm[own]
        return cls(native, within)

    def kept(self, centre: Float[Array, "3"], matrix: Float[Array, "3 3"], side: float) -> Array:
        """A centre, moved so that a box of this side stays within where it can."""
        start, stop = np.array(self.within.start), np.array(self.within.stop)
        half = np.abs(matrix).max(axis=1) * side / 2
        low, high = start + half - 0.5, stop - half - 0.5
        kept: Array = np.where(low > high, (start + stop - 1) / 2, np.clip(centre, low, high))
        return kept


class Crops:
    """Reads crops.

    Args:
        settings: Of the crops, and their augmentation.
        intensity: Statistics of the data set.
    """

    def __init__(self, settings: CropSettings, intensity: Intensity) -> None:
        self._settings, self._intensity = settings, intensity
        self._within: dict[str, Box] = {}

    def training(
        self, held: Held, label: int, place: Float[Array, "3"], generator: np.random.Generator
    ) -> TumourCrop:
        """A crop as the published training draws it.

        Args:
            held: The volume.
            label: The object's.
            place: A voxel of it.
            generator: Source of the randomness.
        """
        of = self._settings
        if held.name not in self._within:
            self._within[held.name] = foreground(held, self._intensity.low)
        frame = Frame.of(held, of, self._within[held.name])
        around = generator.random() < of.positive
        centre = place if around else _beside(held, label, generator)
        scaled = frame.native @ _scaled(of, generator)
        wide = round(of.margin * of.crop)
        slack = (wide - of.crop) // 2
        centre = frame.kept(centre, scaled, wide)
        centre = centre + scaled @ generator.integers(-slack, slack + 1, size=3)
        shifted = generator.random() < of.shifted
        shift = float(generator.uniform(-1, 1) * of.shift) if shifted else 0.0
        matrix = scaled @ _mirrored(of, generator)
        return self._read(held, label, Frame(matrix, frame.within), centre, shift)

    def validation(self, held: Held, label: int, place: Float[Array, "3"]) -> TumourCrop:
        """A crop around a voxel of the object, as it is.

        Args:
            held: The volume.
            label: The object's.
            place: A voxel of it.
        """
        frame = Frame.of(held, self._settings, Box.whole(held.grid.shape))
        centre = frame.kept(place, frame.native, self._settings.crop)
        return self._read(held, label, frame, centre, 0.0)

    def _read(
        self, held: Held, label: int, frame: Frame, centre: Float[Array, "3"], shift: float
    ) -> TumourCrop:
        side, of = self._settings.crop, self._intensity
        positions = positions_of(frame.native, centre, (side, side, side))
        labels, valid = held.read_labels(positions)
        image = held.read_image(positions, np.linalg.norm(frame.native, axis=1))
        for axis in range(3):
            valid &= positions[axis] >= frame.within.start[axis] - 0.5
            valid &= positions[axis] < frame.within.stop[axis] - 0.5
        normalised = (np.clip(image, of.low, of.high) + shift - of.mean) / of.std * valid
        return TumourCrop(normalised.astype(np.float32), (labels == label) & valid)


def foreground(held: Held, low: float) -> Box:
    """The smallest box with all that is above the lowest intensity; the volume if nothing is."""
    box = Box.of_mask(held.array > low)
    return Box.whole(held.grid.shape) if box.empty else box


def _beside(held: Held, label: int, generator: np.random.Generator) -> Float[Array, "3"]:
    """A voxel that is not the object's."""
    for _ in range(ATTEMPTS):
        voxel = generator.integers(0, held.grid.shape)
        if held.labels[tuple(voxel)] != label:
            break
    return voxel.astype(np.float64)


def _scaled(settings: CropSettings, generator: np.random.Generator) -> Float[Array, "3 3"]:
    """A scaling, and of flat crops a turn about the depth axis."""
    turn, scale = np.eye(3), np.ones(3)
    if settings.flat and generator.random() < settings.turned:
        angle = np.deg2rad(generator.uniform(-1, 1) * settings.turn_degrees)
        turn = Rotation.from_euler("x", angle).as_matrix()
    if generator.random() < settings.scaled:
        drawn = 1 / float(generator.uniform(*settings.scale))
        scale[1 if settings.flat else 0 :] = drawn
    matrix: Array = turn @ np.diag(scale)
    return matrix


def _mirrored(settings: CropSettings, generator: np.random.Generator) -> Float[Array, "3 3"]:
    """Mirrored axes, and quarter turns in depth and height."""
    signs = np.where(generator.random(3) < settings.mirrored, -1.0, 1.0)
    matrix = np.diag(signs)
    if generator.random() < settings.quarters:
        quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        matrix = matrix @ np.linalg.matrix_power(quarter, int(generator.integers(1, 4)))
    return matrix
