"""Patches of volumes with all their structures, turned and scaled in one interpolation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from voxclick.models.base import UPRIGHT
from voxclick.preprocess.statistics import Intensity
from voxclick.preprocess.turn import Turn
from voxclick.train.augment import augment
from voxclick.train.supervised.settings import PatchSettings
from voxclick.train.volumes import Held, positions_of
from voxclick.types import Array


@dataclass(frozen=True, eq=False)
class LabelledPatch:
    """One patch.

    Attributes:
        image: Normalised; 0 where there is no volume.
        truth: Class of each voxel, 0 for the background.
    """

    image: Float[Array, "d h w"]
    truth: Int[Array, "d h w"]


class Patches:
    """Reads patches.

    Args:
        settings: Of the patches, and their augmentation.
        names: Of the structures, in the order of their classes from 1 on.
        intensity: Statistics of the data set; None for each volume's own.
    """

    def __init__(
        self, settings: PatchSettings, names: tuple[str, ...], intensity: Intensity | None
    ) -> None:
        self._settings, self._intensity = settings, intensity
        self._classes: Mapping[str, int] = {name: n for n, name in enumerate(names, start=1)}
        self._own: dict[str, Intensity] = {}

    def training(
        self, held: Held, place: Float[Array, "3"], generator: np.random.Generator
    ) -> LabelledPatch:
        """A patch around a voxel or anywhere, some of them changed.

        Args:
            held: The volume.
            place: A voxel of a structure of it.
            generator: Source of the randomness.
        """
        of = self._settings
        if generator.random() >= of.positive:
            place = generator.uniform(0, np.array(held.grid.shape) - 1)
        axes = _axes(held, of)
        matrix = axes @ _drawn(of, generator)
        centre = _kept(place, matrix, held, of)
        return self._read(held, matrix, centre, generator)

    def validation(self, held: Held, place: Float[Array, "3"]) -> LabelledPatch:
        """A patch around a voxel of a structure, as it is."""
        matrix = _axes(held, self._settings)
        return self._read(held, matrix, _kept(place, matrix, held, self._settings), None)

    def _read(
        self,
        held: Held,
        matrix: Float[Array, "3 3"],
        centre: Float[Array, "3"],
        generator: np.random.Generator | None,
    ) -> LabelledPatch:
        left, back, feet = self._settings.patch
        positions = positions_of(matrix, centre, (left, back, feet))
        labels, valid = held.read_labels(positions)
        image = held.read_image(positions, np.linalg.norm(matrix, axis=1))
        if generator is not None and generator.random() < self._settings.intensities:
            finest = min(self._settings.spacing)
            i, j, k = (length / finest for length in self._settings.spacing)
            image = augment(image, generator, (i, j, k), ct=held.ct)
        intensity = self._intensity_of(held)
        normal = (np.clip(image, intensity.low, intensity.high) - intensity.mean) / intensity.std
        truth = self._table(held)[labels]
        return LabelledPatch((normal * valid).astype(np.float32), truth)

    def _intensity_of(self, held: Held) -> Intensity:
        if self._intensity is not None:
            return self._intensity
        if held.name not in self._own:
            self._own[held.name] = Intensity.of(held.array)
        return self._own[held.name]

    def _table(self, held: Held) -> Int[Array, " n"]:
        """The class of each label number of a volume."""
        table = np.zeros(int(held.labels.max()) + 1, dtype=np.int64)
        for label, name in held.names.items():
            table[label] = self._classes.get(name, 0)
        return table


def _axes(held: Held, settings: PatchSettings) -> Float[Array, "3 3"]:
    """Native voxels for a step left-right, back-front and feet-head, a column an axis."""
    turn = Turn.to(UPRIGHT, held.grid)
    axes = np.zeros((3, 3))
    for axis, own in enumerate(turn.order):
        sign = -1.0 if axis in turn.flipped else 1.0
        axes[own, axis] = sign * settings.spacing[axis] / held.grid.spacing_mm[own]
    return axes


def _drawn(settings: PatchSettings, generator: np.random.Generator) -> Float[Array, "3 3"]:
    """A turn and a scaling in mm, and a mirroring, of steps of the patch."""
    change = np.eye(3)
    if generator.random() < settings.augmented:
        axis = generator.normal(size=3)
        angle = np.deg2rad(generator.uniform(-1, 1) * settings.turn_degrees)
        turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        spacing = np.array(settings.spacing)
        in_steps = turn * spacing[None, :] / spacing[:, None]
        change = in_steps / float(generator.uniform(*settings.scale))
    if generator.random() < settings.mirrored:
        change = change @ np.diag([-1.0, 1.0, 1.0])
    return change


def _kept(
    centre: Float[Array, "3"], matrix: Float[Array, "3 3"], held: Held, settings: PatchSettings
) -> Float[Array, "3"]:
    """A centre, moved so that the patch lies in the volume where it can."""
    half = np.abs(matrix) @ (np.array(settings.patch) / 2)
    low, high = half - 0.5, np.array(held.grid.shape) - half - 0.5
    middle = (np.array(held.grid.shape) - 1) / 2
    kept: Array = np.where(low > high, middle, np.clip(centre, low, high))
    return kept
