"""Random training patches from real labelled volumes."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial.transform import Rotation
from torch.nn.functional import grid_sample

from voxclick.errors import InputError, OptionError
from voxclick.evaluate.case import Case
from voxclick.evaluate.dataset import find_dataset
from voxclick.geometry import Grid
from voxclick.models.base import Spec
from voxclick.types import Array, Index3, Vector3

SMALLEST = 30
"""Voxels of its volume that an object needs to be drawn."""
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
        self._sets = _chosen(Path(folder), include, exclude)
        self.shares = _shares(self._sets, weights or {})
        self._budget_bytes = budget_bytes
        self._held: OrderedDict[str, _Held] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """Every case that may be drawn, as `<data set>/<case>`."""
        return tuple(name for cases in self._sets.values() for name in cases)

    @property
    def nbytes(self) -> int:
        """Memory that the volumes take now."""
        return sum(held.nbytes for held in self._held.values())

    def load(self) -> None:
        """Read every volume now, so that processes forked later share the memory."""
        for cases in self._sets.values():
            for name, case in cases.items():
                self._hold(name, case)

    def draw(self, generator: np.random.Generator, size: Index3) -> RealPatch:
        """A random patch around or beside a random object.

        Raises:
            InputError: If a volume cannot be read, or none drawn has an object large enough.
        """
        patch: RealPatch | None = None
        for _ in range(ATTEMPTS):
            share = np.array(list(self.shares.values()))
            chosen = list(self.shares)[int(generator.choice(len(share), p=share))]
            cases = self._sets[chosen]
            name = list(cases)[int(generator.integers(len(cases)))]
            held = self._hold(name, cases[name])
            if not held.places:
                continue
            patch = held.draw(generator, size)
            if np.count_nonzero(patch.labels == patch.label) >= SEEN:
                return patch
        if patch is None:
            raise InputError(
                f"cases with an object of at least {SMALLEST} voxels are needed, "
                f"got none in {ATTEMPTS} draws"
            )
        return patch

    def _hold(self, name: str, case: Case) -> "_Held":
        if name not in self._held:
            self._held[name] = _Held(name, case)
            while self.nbytes > self._budget_bytes and len(self._held) > 1:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        return self._held[name]


class _Held:
    """One volume in memory, halved as often as coarse patches ask for."""

    def __init__(self, name: str, case: Case) -> None:
        self.name = name
        volume = case.read()
        self.grid: Grid = volume.grid
        whole = volume.array.dtype.kind in "iub"
        small = whole and np.abs(volume.array.astype(np.int64)).max() < 1 << 15
        array = np.array(volume.array, dtype=np.int16 if small else np.float32, order="C")
        np.nan_to_num(array, copy=False, posinf=0.0, neginf=0.0)
        self.halved: dict[Index3, Array] = {(1, 1, 1): array}
        self.ct = bool(array.min() <= -500)
        self.labels = np.zeros(self.grid.shape, dtype=np.int16)
        self.places: dict[int, Array] = {}
        generator = np.random.default_rng(0)
        for target in case.targets(self.grid):
            self.labels[target.box.slices][target.inside] = target.label
            if target.voxels >= SMALLEST:
                voxels = np.argwhere(target.inside) + np.array(target.box.start)
                self.places[target.label] = generator.permutation(voxels)[:1000].astype(np.int16)

    @property
    def nbytes(self) -> int:
        arrays = [*self.halved.values(), self.labels, *self.places.values()]
        return sum(int(array.nbytes) for array in arrays)

    def draw(self, generator: np.random.Generator, size: Index3) -> RealPatch:
        label = list(self.places)[int(generator.integers(len(self.places)))]
        places, native = self.places[label], np.array(self.grid.spacing_mm)
        place = places[generator.integers(len(places))].astype(np.float64)
        spacing = self._spacing(generator, size)
        order = generator.permutation(3) if generator.random() < 0.6 else np.arange(3)
        turn = np.eye(3)[:, order] * generator.choice([-1.0, 1.0], 3)
        straight = np.diag(spacing / native) @ turn
        matrix = (_deformation(generator, native) * spacing / native[:, None]) @ turn
        centre = self._centre(generator, place, matrix, straight, np.array(size))
        positions = _positions(matrix, centre, size)
        labels, valid = self._read_labels(positions)
        lengths = spacing[order] / spacing.min()
        return RealPatch(
            image=self._read_image(positions, spacing / native),
            labels=labels,
            valid=valid,
            lengths=(float(lengths[0]), float(lengths[1]), float(lengths[2])),
            label=label,
            ct=self.ct,
            case=self.name,
        )

    def _spacing(self, generator: np.random.Generator, size: Index3) -> Float[Array, "3"]:
        """In mm along the native axes: a level of the engine's views, zoomed."""
        spec, native = Spec("real", frozenset(), patch=size), np.array(self.grid.spacing_mm)
        often = LEVELS[: spec.levels(self.grid)]
        level = int(generator.choice(len(often), p=often / often.sum()))
        wanted = min(spec.spacings_mm[level], 2.0 ** (level + 1) * native.min())
        filled = float((native * self.grid.shape / (wanted * np.array(size))).max())
        if filled < 0.6:  # a small crop: as large in the patch as its voxels allow
            wanted *= max(filled / 0.8, 0.5)
        wanted *= np.exp(generator.uniform(np.log(0.75), np.log(1.35)))
        # across slices more than 4 times as thick, nearest labels make stairs that no image shows
        if generator.random() < 0.25 and native.max() <= 4 * native.min():
            return np.full(3, max(wanted, 0.6 * native.min()))
        kept: Array = np.maximum(wanted, native)
        return kept

    def _centre(
        self,
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
            reach, last = np.abs(straight) @ (size / 2) - 0.5, np.array(self.grid.shape) - 1
            kept = np.clip(centre, reach, np.maximum(last - reach, reach))
            kept = np.where(2 * reach >= last, last / 2, kept)
            seen = np.linalg.solve(matrix, place - kept)
            if (np.abs(seen) < size / 2 - 1).all():
                return kept
        return centre

    def _read_labels(
        self, positions: list[Float[Array, "i j k"]]
    ) -> tuple[Int[Array, "i j k"], Bool[Array, "i j k"]]:
        valid: Array = np.ones(positions[0].shape, dtype=np.bool_)
        flat: Array = np.zeros(positions[0].shape, dtype=np.int64)
        for axis, size in enumerate(self.grid.shape):
            voxel = np.floor(positions[axis] + 0.5).astype(np.int64)
            valid &= (voxel >= 0) & (voxel < size)
            flat = flat * size + np.clip(voxel, 0, size - 1)
        return self.labels.ravel()[flat] * valid, valid

    def _read_image(
        self, positions: list[Float[Array, "i j k"]], steps: Float[Array, "3"]
    ) -> Float[Array, "i j k"]:
        """Linear interpolation of the volume, halved until a step is about a voxel."""
        f = np.maximum(2 ** np.round(np.log2(steps)), 1).astype(int)
        factors = (int(f[0]), int(f[1]), int(f[2]))
        if factors not in self.halved:
            self.halved[factors] = _block_means(self.halved[1, 1, 1], factors)
        array = self.halved[factors]
        slices, places = [], []
        for axis in range(3):
            place = (positions[axis] - (factors[axis] - 1) / 2) / factors[axis]
            low = int(np.clip(np.floor(place.min()) - 1, 0, array.shape[axis] - 1))
            high = int(np.clip(np.ceil(place.max()) + 2, low + 1, array.shape[axis]))
            slices.append(slice(low, high))
            places.append((place - low) * (2 / max(high - low - 1, 1)) - 1)
        crop = np.ascontiguousarray(array[tuple(slices)], dtype=np.float32)
        crop = _softened(crop, steps / f)
        where = torch.from_numpy(np.stack(places[::-1], axis=-1).astype(np.float32))
        read = grid_sample(
            torch.from_numpy(crop)[None, None],
            where[None],
            mode="bilinear",
            padding_mode="border",
            align_corners=True,
        )
        image: Array = read[0, 0].numpy()
        return image


def _chosen(
    folder: Path, include: Sequence[str], exclude: Sequence[str]
) -> dict[str, dict[str, Case]]:
    """Cases by name, by data set."""
    found: dict[str, dict[str, Case]] = {}
    unused = {*include, *exclude}
    for case in find_dataset(folder).cases:
        name = case.name if "/" in case.name else f"{folder.resolve().name}/{case.name}"
        part = name.partition("/")[0]
        fits = {p for p in (*include, *exclude) if p == part or fnmatch(name, p)}
        unused -= fits
        if (not include or fits & set(include)) and not fits & set(exclude):
            found.setdefault(part, {})[name] = case
    if unused or not found:
        raise OptionError(
            f"include and exclude must name data sets or cases in {folder}, "
            f"got {sorted(unused) or 'lists that leave no case'}"
        )
    return found


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


def _positions(
    matrix: Float[Array, "3 3"], centre: Float[Array, "3"], size: Index3
) -> list[Float[Array, "i j k"]]:
    """The native index of every patch voxel, an array an axis."""
    i, j, k = np.ogrid[: size[0], : size[1], : size[2]]
    first = centre - matrix @ ((np.array(size) - 1) / 2)
    return [
        row[0] * i + row[1] * j + row[2] * k + at for row, at in zip(matrix, first, strict=True)
    ]


def _block_means(array: Array, factors: Index3) -> Array:
    """The array with blocks of so many voxels replaced by their mean."""
    missing = [(0, -n % f) for n, f in zip(array.shape, factors, strict=True)]
    means = np.pad(array, missing, mode="edge")
    for axis, factor in enumerate(factors):
        if factor > 1:
            parts = np.moveaxis(means, axis, 0).reshape(-1, factor, *np.delete(means.shape, axis))
            means = np.moveaxis(parts.mean(axis=1, dtype=np.float32), 0, axis)
    return np.ascontiguousarray(means.round() if array.dtype == np.int16 else means, array.dtype)


def _softened(crop: Float[Array, "i j k"], steps: Float[Array, "3"]) -> Float[Array, "i j k"]:
    """A little smoothing along the axes where the patch is coarser than the crop."""
    for axis, step in enumerate(steps):
        side = (step**2 - 1) / 12  # with it, the kernel is as wide as a tent of this step
        if side > 0.02 and crop.shape[axis] > 2:
            lines = np.moveaxis(crop, axis, 0)
            soft = lines.copy()
            soft[1:-1] += np.float32(side) * (lines[2:] + lines[:-2] - 2 * lines[1:-1])
            crop = np.moveaxis(soft, 0, axis)
    return np.ascontiguousarray(crop)
