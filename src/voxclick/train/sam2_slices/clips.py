"""Clips: neighbouring slices of a volume as frames, and the objects on the first of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from voxclick.models.slices.plane import Plane
from voxclick.train.sam2_slices.settings import ClipSettings
from voxclick.train.volumes import Held
from voxclick.types import Array

SEEN = 10
"""Pixels that the first frame must show of an object, else it could hardly be prompted. Ours."""

THICKEST = 0.75
"""Slices are taken along any axis with this share of the coarsest spacing: the axis that was
scanned, or any of an isotropic volume. Ours; MedSAM2 takes the files' last axis."""


@dataclass(frozen=True, eq=False)
class ClipSample:
    """One clip.

    Attributes:
        slices: In the volume's window, in squares, in the order they are visited.
        truth: Each object on each of them.
    """

    slices: UInt8[Array, "n s s"]
    truth: Bool[Array, "m n s s"]


def draw_clip(
    held: Held,
    label: int,
    place: Float[Array, "3"],
    settings: ClipSettings,
    generator: np.random.Generator,
) -> ClipSample:
    """A clip that begins on the slice of a place, up or down.

    Its slices are held, squared and windowed as where the weights are used.

    Args:
        held: The volume.
        label: Of the object that lies there.
        place: Native index.
        settings: Sizes and augmentation.
        generator: Source of the randomness.
    """
    axis = _axis(held, generator)
    numbers = _numbers(int(place[axis]), held.grid.shape[axis], settings, generator)
    positions, steps = _positions(held, axis, numbers, settings, generator)
    labels, valid = held.read_labels(positions)
    image = held.read_image(positions, steps)
    low, high = held.window.low, held.window.high
    grey = _tinted(np.clip((image - low) / (high - low), 0, 1), settings, generator) * valid
    chosen = _objects(labels[0], held, label, settings, generator)
    return ClipSample(
        np.rint(grey * 255).astype(np.uint8), np.stack([labels == each for each in chosen])
    )


def _axis(held: Held, generator: np.random.Generator) -> int:
    spacing = np.array(held.grid.spacing_mm)
    thick = np.flatnonzero(spacing >= THICKEST * spacing.max())
    return int(thick[int(generator.integers(len(thick)))])


def _numbers(
    first: int, depth: int, settings: ClipSettings, generator: np.random.Generator
) -> Array:
    """The slices to visit: in the direction drawn, or in the other where that has more."""
    up, down = depth - first, first + 1
    downwards = generator.random() < settings.downwards
    enough = (down if downwards else up) >= min(settings.slices, max(up, down))
    if downwards == enough:
        return first - np.arange(min(settings.slices, down))
    return first + np.arange(min(settings.slices, up))


def _positions(
    held: Held,
    axis: int,
    numbers: Array,
    settings: ClipSettings,
    generator: np.random.Generator,
) -> tuple[list[Float[Array, "n s s"]], Float[Array, "3"]]:
    """Where every pixel lies in the volume, and native voxels between neighbours."""
    plane = Plane.of(held.grid, axis)
    size, spacing = settings.image_size, np.array(held.grid.spacing_mm)
    across = [plane.rows, plane.columns]
    lengths = spacing * held.grid.shape
    signs = np.array([-1.0 if each in plane.flipped else 1.0 for each in across])
    native = np.diag(signs * lengths[across].max() / size / spacing[across])
    matrix = native @ _turned(settings, generator)
    steps = np.ones(3)
    steps[across] = np.linalg.norm(matrix, axis=1)
    row, column = (np.indices((size, size)) - (size - 1) / 2)[:, None]  # 1 s s
    shape = (len(numbers), size, size)
    positions = [np.broadcast_to(numbers[:, None, None].astype(np.float64), shape)] * 3
    for place, each in enumerate(across):
        at = (held.grid.shape[each] - 1) / 2 + matrix[place, 0] * row + matrix[place, 1] * column
        positions[each] = np.broadcast_to(at, shape)
    return positions, steps


def _turned(settings: ClipSettings, generator: np.random.Generator) -> Float[Array, "2 2"]:
    """A mirroring, turn and shear of the plane."""
    turn = np.deg2rad(generator.uniform(-1, 1) * settings.turn_degrees)
    shear = np.tan(np.deg2rad(generator.uniform(-1, 1) * settings.shear_degrees))
    mirror = -1.0 if generator.random() < settings.flipped else 1.0
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix: Array = rotation @ np.array([[1.0, 0.0], [shear, 1.0]]) @ np.diag([1.0, mirror])
    return matrix


def _tinted(
    grey: Float[Array, "n s s"], settings: ClipSettings, generator: np.random.Generator
) -> Float[Array, "n s s"]:
    """Brightness and contrast of a whole clip a little off; MedSAM2 tints single slices too."""
    brightness, contrast = 1 + generator.uniform(-1, 1, 2) * (
        settings.brightness,
        settings.contrast,
    )
    middle = grey.mean()
    tinted: Array = np.clip(((grey - middle) * contrast + middle) * brightness, 0, 1)
    return tinted


def _objects(
    first: Array,
    held: Held,
    label: int,
    settings: ClipSettings,
    generator: np.random.Generator,
) -> list[int]:
    """The object that was drawn, and others on the first slice."""
    pixels = np.bincount(first.reshape(-1).astype(np.int64), minlength=label + 1)
    wanted = settings.structures
    others = [
        int(each)
        for each in np.flatnonzero(pixels >= SEEN)
        if each not in (0, label) and (not wanted or held.names.get(int(each)) in wanted)
    ]
    drawn = generator.permutation(others)[: settings.objects - 1]
    return [label, *(int(each) for each in drawn)]
