"""Labelled volumes that training reads: chosen by name, read when asked for, kept in memory."""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch.nn.functional import grid_sample

from voxclick.errors import OptionError
from voxclick.evaluate.case import Case
from voxclick.evaluate.dataset import find_dataset
from voxclick.geometry import Grid
from voxclick.preprocess.intensity import Window
from voxclick.types import Array, Index3

logger = logging.getLogger(__name__)

SMALLEST = 30
"""Voxels of its volume that an object needs to be drawn."""
PLACES = 1000
"""Voxels of an object that are kept as places to draw at, at most."""


class Held:
    """One volume in memory, halved as often as coarse patches ask for.

    Attributes:
        name: Of its case, data set first.
        grid: Its own.
        ct: Whether the intensities are Hounsfield units.
        labels: Label numbers, 0 for background.
        places: Voxels of each object that is large enough, in random order.
        names: Of those objects.
    """

    def __init__(self, name: str, case: Case) -> None:
        self.name = name
        volume = case.read()
        self.grid: Grid = volume.grid
        read = np.asarray(volume.array)
        whole = read.dtype.kind in "iub"
        small = whole and np.abs(read.astype(np.int64)).max() < 1 << 15
        array = np.array(read, dtype=np.int16 if small else np.float32, order="C")
        np.nan_to_num(array, copy=False, posinf=0.0, neginf=0.0)
        self._halved: dict[Index3, Array] = {(1, 1, 1): array}
        self.ct = bool(array.min() <= -500)
        self.labels = np.zeros(self.grid.shape, dtype=np.int16)
        self.places: dict[int, Array] = {}
        self.names: dict[int, str] = {}
        generator = np.random.default_rng(0)
        for target in case.targets(self.grid):
            self.labels[target.box.slices][target.inside] = target.label
            if target.voxels >= SMALLEST:
                voxels = np.argwhere(target.inside) + np.array(target.box.start)
                chosen = generator.permutation(voxels)[:PLACES]
                self.places[target.label] = chosen.astype(np.int16)
                self.names[target.label] = target.name

    @cached_property
    def window(self) -> Window:
        """The intensities that are seen as black and white."""
        return Window.of(self.array)

    @property
    def array(self) -> Array:
        """Its intensities, as they were read."""
        return self._halved[1, 1, 1]

    @property
    def nbytes(self) -> int:
        """Memory that it takes now."""
        arrays = [*self._halved.values(), self.labels, *self.places.values()]
        return sum(int(array.nbytes) for array in arrays)

    def read_labels(
        self, positions: list[Float[Array, "i j k"]]
    ) -> tuple[Int[Array, "i j k"], Bool[Array, "i j k"]]:
        """Labels at native indices (the nearest voxel's), and which lie in the volume.

        Args:
            positions: The native index of every wanted voxel, an array an axis.
        """
        valid: Array = np.ones(positions[0].shape, dtype=np.bool_)
        flat: Array = np.zeros(positions[0].shape, dtype=np.int64)
        for axis, size in enumerate(self.grid.shape):
            voxel = np.floor(positions[axis] + 0.5).astype(np.int64)
            valid &= (voxel >= 0) & (voxel < size)
            flat = flat * size + np.clip(voxel, 0, size - 1)
        return self.labels.ravel()[flat] * valid, valid

    def read_image(
        self, positions: list[Float[Array, "i j k"]], steps: Float[Array, "3"]
    ) -> Float[Array, "i j k"]:
        """Linear interpolation of the volume, halved until a step is about a voxel.

        Args:
            positions: The native index of every wanted voxel, an array an axis; beyond the
                volume the border's.
            steps: Native voxels between neighbours along each native axis.
        """
        f = np.maximum(2 ** np.round(np.log2(steps)), 1).astype(int)
        factors = (int(f[0]), int(f[1]), int(f[2]))
        if factors not in self._halved:
            self._halved[factors] = _block_means(self._halved[1, 1, 1], factors)
        array = self._halved[factors]
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


class Volumes:
    """The labelled volumes of a folder, read when first asked for.

    Args:
        folder: Data sets in any layout that `evaluate.layouts` reads.
        include: Names of data sets or patterns of `<data set>/<case>` to use; all when empty.
        exclude: The same, to leave out.
        budget_bytes: Memory for volumes; the one asked for longest ago goes first.

    Raises:
        OptionError: If a name or pattern fits no case, or no case is left.
        InputError: If the folder cannot be read.
    """

    def __init__(
        self,
        folder: str | Path,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        budget_bytes: int = 8 << 30,
    ) -> None:
        self._hold(_chosen(Path(folder), include, exclude), budget_bytes)

    @classmethod
    def of_cases(cls, cases: Mapping[str, Case], budget_bytes: int = 8 << 30) -> "Volumes":
        """The volumes of these cases, by name."""
        volumes = cls.__new__(cls)
        volumes._hold({"": dict(cases)}, budget_bytes)
        return volumes

    def _hold(self, sets: dict[str, dict[str, Case]], budget_bytes: int) -> None:
        self.sets = sets
        self._cases = {name: case for cases in sets.values() for name, case in cases.items()}
        self._budget_bytes = budget_bytes
        self._held: OrderedDict[str, Held] = OrderedDict()

    @property
    def cases(self) -> Mapping[str, Case]:
        """Every case, by name."""
        return self._cases

    @property
    def names(self) -> tuple[str, ...]:
        """Every case, as `<data set>/<case>`."""
        return tuple(self._cases)

    @property
    def nbytes(self) -> int:
        """Memory that the volumes take now."""
        return sum(held.nbytes for held in self._held.values())

    def load(self) -> None:
        """Read every volume now, so that processes forked later share the memory."""
        for name in self._cases:
            self.held(name)

    def held(self, name: str) -> Held:
        """The volume of that name.

        Raises:
            InputError: If it cannot be read.
        """
        if name not in self._held:
            self._held[name] = Held(name, self._cases[name])
            while self.nbytes > self._budget_bytes and len(self._held) > 1:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        return self._held[name]


def positions_of(
    matrix: Float[Array, "3 3"], centre: Float[Array, "3"], size: Index3
) -> list[Float[Array, "i j k"]]:
    """The native index of every voxel of a patch, an array an axis.

    Args:
        matrix: Native voxels for a step along each axis of the patch, a column an axis.
        centre: Native index of the patch's middle.
        size: Voxels of the patch.
    """
    i, j, k = np.ogrid[: size[0], : size[1], : size[2]]
    first = centre - matrix @ ((np.array(size) - 1) / 2)
    return [
        row[0] * i + row[1] * j + row[2] * k + at for row, at in zip(matrix, first, strict=True)
    ]


def _chosen(
    folder: Path, include: Sequence[str], exclude: Sequence[str]
) -> dict[str, dict[str, Case]]:
    """Cases by name, by data set."""
    found: dict[str, dict[str, Case]] = {}
    unused = {*include, *exclude}
    dataset = find_dataset(folder)
    for left_out in dataset.unlabelled:
        logger.warning("%s is left out: %s", left_out.name, left_out.problem)
    for case in dataset.cases:
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
