"""Random training patches from real labelled volumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.transform import Rotation

from voxclick.errors import InputError, OptionError
from voxclick.evaluate.case import Case
from voxclick.geometry import Grid
from voxclick.models.base import Spec
from voxclick.train.volumes import SMALLEST, Held, Volumes, positions_of
from voxclick.types import Array, Index3, Vector3

SEEN = 8
"""Voxels that a patch must hold of the object it was drawn for."""
ATTEMPTS = 20
"""Draws that may miss their object before the last one is taken."""
LEAST_SHARE, MOST_SHARE = 0.08, 0.2
"""Bounds of a data set's share of the draws, before the shares are made to add up to 1."""
LEVELS = np.array([0.6, 0.28, 0.12])
"""How often each level of spacing is drawn, fine to coarse."""


@dataclass(frozen=True, eq=False)
class RealPatch:
    """A piece of a labelled volume, turned, scaled and mirrored at random.

    Attributes:
        image: Intensities in the volume's own scale; the border's, where there is no volume.
        labels: Label numbers (nearest voxel), 0 for background and where there is no volume.
        valid: The voxels inside the volume.
        lengths: Step between neighbouring voxels along each axis, in units of the finest.
        label: The label whose object the patch was drawn for.
        ct: Whether the intensities are Hounsfield units.
        case: Name of the case it is from, data set first.
    """

    image: Float[Array, "i j k"]
    labels: Int[Array, "i j k"]
    valid: Bool[Array, "i j k"]
    lengths: Vector3
    label: int
    ct: bool
    case: str


class RealCases:
    """The labelled volumes of a folder, read when first drawn and kept in memory.

    Args:
        folder: Data sets in any layout that `evaluate.layouts` reads.
        include: Names of data sets or patterns of `<data set>/<case>` to use; all when empty.
        exclude: The same, to leave out.
        weights: Share of the draws by data set, relative to one another; a data set that is not
            named keeps the default: the square root of its number of cases as a share of all,
            between `LEAST_SHARE` and `MOST_SHARE`.
        budget_bytes: Memory for volumes; the one drawn longest ago goes first.

    Raises:
        OptionError: If a name or pattern fits no case, or no case is left.
        InputError: If the folder cannot be read.
    """

    def __init__(
        self,
        folder: str | Path,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        weights: Mapping[str, float] | None = None,
        budget_bytes: int = 8 << 30,
    ) -> None:
        self.volumes = Volumes(folder, include, exclude, budget_bytes)
        self.shares = _shares(self.volumes.sets, weights or {})

    def draw(self, generator: np.random.Generator, size: Index3) -> RealPatch:
        """A random patch around or beside a random object.

        Raises:
            InputError: If a volume cannot be read, or none drawn has an object large enough.
        """
        patch: RealPatch | None = None
        for _ in range(ATTEMPTS):
            share = np.array(list(self.shares.values()))
            chosen = list(self.shares)[int(generator.choice(len(share), p=share))]
            cases = self.volumes.sets[chosen]
            name = list(cases)[int(generator.integers(len(cases)))]
            held = self.volumes.held(name)
            if not held.places:
                continue
            patch = _patch(held, generator, size)
            if np.count_nonzero(patch.labels == patch.label) >= SEEN:
                return patch
        if patch is None:
            raise InputError(
                f"cases with an object of at least {SMALLEST} voxels are needed, "
                f"got none in {ATTEMPTS} draws"
            )
        return patch


def _patch(held: Held, generator: np.random.Generator, size: Index3) -> RealPatch:
    label = list(held.places)[int(generator.integers(len(held.places)))]
    places, native = held.places[label], np.array(held.grid.spacing_mm)
    place = places[generator.integers(len(places))].astype(np.float64)
    spacing = _spacing(held.grid, generator, size)
    order = generator.permutation(3) if generator.random() < 0.6 else np.arange(3)
    turn = np.eye(3)[:, order] * generator.choice([-1.0, 1.0], 3)
    straight = np.diag(spacing / native) @ turn
    matrix = (_deformation(generator, native) * spacing / native[:, None]) @ turn
    centre = _centre(held.grid, generator, place, matrix, straight, np.array(size))
    positions = positions_of(matrix, centre, size)
    labels, valid = held.read_labels(positions)
    lengths = spacing[order] / spacing.min()
    return RealPatch(
        image=held.read_image(positions, spacing / native),
        labels=labels,
        valid=valid,
        lengths=(float(lengths[0]), float(lengths[1]), float(lengths[2])),
        label=label,
        ct=held.ct,
        case=held.name,
    )


def _spacing(grid: Grid, generator: np.random.Generator, size: Index3) -> Float[Array, "3"]:
    """In mm along the native axes: a level of the engine's views, zoomed."""
    spec, native = Spec("real", frozenset(), patch=size), np.array(grid.spacing_mm)
    often = LEVELS[: spec.levels(grid)]
    level = int(generator.choice(len(often), p=often / often.sum()))
    wanted = min(spec.spacings_mm[level], 2.0 ** (level + 1) * native.min())
    filled = float((native * grid.shape / (wanted * np.array(size))).max())
    if filled < 0.6:  # a small crop: as large in the patch as its voxels allow
        wanted *= max(filled / 0.8, 0.5)
    wanted *= np.exp(generator.uniform(np.log(0.75), np.log(1.35)))
    # across slices more than 4 times as thick, nearest labels make stairs that no image shows
    if generator.random() < 0.25 and native.max() <= 4 * native.min():
        return np.full(3, max(wanted, 0.6 * native.min()))
    kept: Array = np.maximum(wanted, native)
    return kept


def _centre(
    grid: Grid,
    generator: np.random.Generator,
    place: Float[Array, "3"],
    matrix: Float[Array, "3 3"],
    straight: Float[Array, "3 3"],
    size: Int[Array, "3"],
) -> Float[Array, "3"]:
    """The native index of the patch's middle: on the place or, 3 times in 10, away from it.

    Kept in the volume as the engine's views are, 7 times in 10.
    """
    off = 0.45 * generator.uniform(-1, 1, 3) * size * (generator.random() < 0.3)
    centre = place + matrix @ off
    if generator.random() < 0.7:
        reach, last = np.abs(straight) @ (size / 2) - 0.5, np.array(grid.shape) - 1
        kept = np.clip(centre, reach, np.maximum(last - reach, reach))
        kept = np.where(2 * reach >= last, last / 2, kept)
        seen = np.linalg.solve(matrix, place - kept)
        if (np.abs(seen) < size / 2 - 1).all():
            return kept
    return centre


def _shares(
    sets: Mapping[str, Mapping[str, Case]], weights: Mapping[str, float]
) -> dict[str, float]:
    roots = {name: np.sqrt(len(cases)) for name, cases in sets.items()}
    total = sum(roots.values())
    shares = {
        name: float(weights.get(name, np.clip(root / total, LEAST_SHARE, MOST_SHARE)))
        for name, root in roots.items()
    }
    total = sum(shares.values())
    if set(weights) - set(sets) or min(shares.values()) < 0 or total == 0:
        raise OptionError(
            f"weights must be of {sorted(sets)}, from 0 up and not all 0, got {dict(weights)}"
        )
    return {name: share / total for name, share in shares.items()}


def _deformation(
    generator: np.random.Generator, spacing_mm: Float[Array, "3"]
) -> Float[Array, "3 3"]:
    """A rotation, mostly about the axis of the thickest slices, a shear and three scales."""
    thick = spacing_mm.max() > 1.6 * np.median(spacing_mm)
    most = np.full(3, 3.0 if thick else 8.0)
    most[int(np.argmax(spacing_mm)) if thick else int(generator.integers(3))] = 25.0
    scales = np.diag(generator.uniform(0.85, 1.18, 3))
    shear = generator.uniform(-0.08, 0.08, (3, 3)) * (generator.random() < 0.5)
    turned = Rotation.from_euler("xyz", generator.uniform(-most, most), degrees=True)
    matrix: Array = turned.as_matrix() @ (scales + shear)
    return matrix
