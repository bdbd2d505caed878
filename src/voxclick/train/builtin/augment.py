"""What is made of a patch beyond what was read: other intensities, and other targets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter, zoom

from voxclick.train.builtin.patches import RealPatch
from voxclick.types import Array, Vector3

SMALLEST = 30
"""Voxels of a patch that a further target needs."""
SAMPLED = 11
"""Every so many voxels are looked at for the range of a patch."""
NOISE, NOISE_HU = (0.01, 0.12), 80.0
"""Standard deviation of noise: least and most as a part of the patch's range; most in CT."""
HOUNSFIELD_MARGIN = 100.0
"""A CT window starts or ends at least this far inside the range of the patch."""


@dataclass(frozen=True)
class _Scan:
    """What the changes need to know of a patch: its lengths, and how strong noise may be."""

    lengths: Vector3
    most_noise: float

    def widths(self, voxels: float) -> Float[Array, "3"]:
        """A width in finest voxels, along each axis."""
        widths: Array = voxels / np.array(self.lengths)
        return widths


def augment(
    image: Float[Array, "i j k"],
    generator: np.random.Generator,
    lengths: Vector3 = (1.0, 1.0, 1.0),
    ct: bool = False,
) -> Float[Array, "i j k"]:
    """The patch as another scan might show it, in float32.

    Shapes stay where they are: nothing is moved or cut out. The scale stays the patch's own, but
    for a CT window, which clips it, and an inversion, which mirrors it. A patch of one value
    comes back as it is.

    Args:
        image: Intensities in any scale.
        generator: Draws what is changed, and how strongly.
        lengths: Step between neighbouring voxels along each axis, in units of the finest.
        ct: Whether these are Hounsfield units: they are never inverted or given a bias field,
            and may be windowed.
    """
    patch = np.asarray(image, dtype=np.float32)
    if ct and generator.random() < 0.3:
        patch = windowed(patch, generator)
    low, high = (float(v) for v in np.quantile(patch.ravel()[::SAMPLED], [0.005, 0.995]))
    if high <= low:
        low, high = float(patch.min()), float(patch.max())
    if high <= low:
        return patch.copy()
    unit = (patch - np.float32(low)) / np.float32(high - low)  # mostly 0 to 1, with tails
    scan = _Scan(lengths, min(NOISE[1], NOISE_HU / (high - low)) if ct else NOISE[1])
    for change in CHANGES:
        if generator.random() < change.often and not (change.mr_only and ct):
            unit = change.apply(unit, generator, scan)
    changed: Array = unit * np.float32(high - low) + np.float32(low)
    return changed.astype(np.float32, copy=False)


def windowed(image: Float[Array, "i j k"], generator: np.random.Generator) -> Float[Array, "i j k"]:
    """Hounsfield units clipped to a random window, as in images exported from a viewer.

    As they are, where the window would leave next to nothing of the patch.
    """
    low, high = generator.uniform(-1000, -50), generator.uniform(150, 1500)
    if low > image.max() - HOUNSFIELD_MARGIN or high < image.min() + HOUNSFIELD_MARGIN:
        return image
    return np.clip(image, np.float32(low), np.float32(high))


def _contrast(unit: Array, generator: np.random.Generator, _: _Scan) -> Array:
    """A gamma, or a rising curve of straight pieces; the tails are carried along."""
    inside = np.clip(unit, 0.0, 1.0)
    if generator.random() < 0.5:
        gamma = np.exp(generator.uniform(np.log(0.6), np.log(1.7)))
        mirrored = generator.random() < 0.5
        curved = 1.0 - (1.0 - inside) ** gamma if mirrored else inside**gamma
    else:
        count = int(generator.integers(2, 6))
        knots = np.concatenate([[0.0], np.sort(generator.uniform(0.05, 0.95, count)), [1.0]])
        rises = np.diff(knots) * np.exp(generator.normal(0.0, 0.5, count + 1))
        values = np.concatenate([[0.0], np.cumsum(rises) / rises.sum()])
        curved = np.interp(inside, knots, values)
    changed: Array = curved.astype(np.float32) + (unit - inside)
    return changed


def _inverted(unit: Array, _: np.random.Generator, __: _Scan) -> Array:
    mirrored: Array = np.float32(1.0) - unit
    return mirrored


def _biased(unit: Array, generator: np.random.Generator, _: _Scan) -> Array:
    """Times a smooth field: the exponential of a random polynomial of the second degree."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in unit.shape), indexing="ij", sparse=True)
    i, j, k = (axis.astype(np.float32) for axis in axes)
    w = generator.normal(0.0, generator.uniform(0.05, 0.3), 9).astype(np.float32)
    field = w[0] * i + w[1] * j + w[2] * k + w[3] * i * j + w[4] * j * k + w[5] * i * k
    field = field + w[6] * i**2 + w[7] * j**2 + w[8] * k**2
    changed: Array = unit * np.exp(np.clip(field, -1.2, 1.2))
    return changed


def _blurred(unit: Array, generator: np.random.Generator, scan: _Scan) -> Array:
    width = scan.widths(generator.uniform(0.3, 1.1))
    blurred: Array = gaussian_filter(unit, width, truncate=3.0)
    return blurred


def _sharpened(unit: Array, generator: np.random.Generator, scan: _Scan) -> Array:
    """Unsharp masking, with the overshoot at edges that sharp kernels leave."""
    soft = gaussian_filter(unit, scan.widths(generator.uniform(0.6, 1.2)), truncate=2.0)
    sharpened: Array = unit + np.float32(generator.uniform(0.3, 1.2)) * (unit - soft)
    return sharpened


def _coarsened(unit: Array, generator: np.random.Generator, scan: _Scan) -> Array:
    """Read at fewer voxels along one axis or all, and back: thick slices, or a coarse scan."""
    if generator.random() < 0.6:
        wanted = np.ones(3)
        wanted[int(generator.integers(3))] = generator.uniform(1.5, 4.0)
    else:
        wanted = np.full(3, generator.uniform(1.2, 2.2))
    factors = 1 + (wanted - 1) * scan.widths(1.0)  # slices that are thick stay as they are
    few = np.maximum(np.round(np.array(unit.shape) / factors), 1)
    soft = gaussian_filter(unit, 0.35 * (factors - 1), truncate=2.0)
    coarse = zoom(soft, few / unit.shape, order=1, grid_mode=True, mode="nearest")
    back = np.array(unit.shape) / coarse.shape
    read: Array = zoom(coarse, back, order=1, grid_mode=True, mode="nearest")
    return read


def _noisy(unit: Array, generator: np.random.Generator, scan: _Scan) -> Array:
    """Gaussian noise, white or in grains."""
    least, most = min(NOISE[0], scan.most_noise), scan.most_noise
    strength = np.exp(generator.uniform(np.log(least), np.log(most)))
    noise = generator.standard_normal(unit.shape, dtype=np.float32)
    if generator.random() < 0.4:
        noise = gaussian_filter(noise, scan.widths(generator.uniform(0.5, 1.0)), truncate=2.0)
        noise /= max(float(noise.ravel()[::SAMPLED].std()), 1e-6)
    noisy: Array = unit + np.float32(strength) * noise
    return noisy


@dataclass(frozen=True)
class _Change:
    """A way to change intensities of mostly 0 to 1, and how often it happens."""

    apply: Callable[[Array, np.random.Generator, _Scan], Array]
    often: float
    mr_only: bool = False


CHANGES = (
    _Change(_contrast, 0.6),
    _Change(_inverted, 0.1, mr_only=True),
    _Change(_biased, 0.3, mr_only=True),
    _Change(_blurred, 0.2),
    _Change(_sharpened, 0.15),
    _Change(_coarsened, 0.15),
    _Change(_noisy, 0.35),
)
"""What may happen to a patch, in this order: the contrast first, the reconstruction last."""


def sub_targets(
    patch: RealPatch,
    generator: np.random.Generator,
    count: int = 1,
    weights: Mapping[str, float] | None = None,
) -> list[Bool[Array, "i j k"]]:
    """Further objects to segment in a patch, each of at least `SMALLEST` voxels.

    Args:
        patch: Where to draw them.
        generator: Draws them.
        count: How many are wanted; fewer come back where the patch has no more to give.
        weights: How often each kind is drawn: `label` (all of one label), `union` (labels that
            touch), `component` (of one label), `part` (of a label, cut by planes), `region` (of
            the image, whatever its labels). Default: the last four alike, and regions twice as
            often where fewer than 3 labels are in the patch.
    """
    if weights is None:
        few = np.count_nonzero(np.bincount(patch.labels.ravel())[1:]) < 3
        weights = {"union": 1.0, "component": 1.0, "part": 1.0, "region": 2.0 if few else 1.0}
    often = np.array(list(weights.values()), dtype=np.float64)
    found: list[Array] = []
    for _ in range(3 * count):
        if len(found) < count:
            kind = list(weights)[int(generator.choice(len(often), p=often / often.sum()))]
            target = KINDS[kind](patch, generator)
            if np.count_nonzero(target) >= SMALLEST:
                found.append(target)
    return found


def _label(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    present = np.flatnonzero(np.bincount(patch.labels.ravel()) >= SMALLEST)
    present = present[present > 0]
    if len(present) == 0:
        return np.zeros(patch.labels.shape, dtype=np.bool_)
    found: Array = patch.labels == generator.choice(present)
    return found


def _union(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """A label with one or two of those that touch it; empty where none does."""
    union = _label(patch, generator)
    joined = 0
    for _ in range(int(generator.integers(1, 3))):
        beside = np.flatnonzero(np.bincount(patch.labels[_grown(union) & ~union]))
        if len(beside := beside[beside > 0]):
            union |= patch.labels == generator.choice(beside)
            joined += 1
    return union if joined else np.zeros_like(union)


def _grown(mask: Bool[Array, "i j k"]) -> Bool[Array, "i j k"]:
    """The mask and the voxels that share a face with it."""
    grown = mask.copy()
    for axis in range(3):
        out, lines = np.moveaxis(grown, axis, 0), np.moveaxis(mask, axis, 0)
        out[1:] |= lines[:-1]
        out[:-1] |= lines[1:]
    return grown


def _component(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    return _piece(_label(patch, generator), generator)


def _part(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """What lies of a label on one side of a plane, or between two."""
    whole = _label(patch, generator)
    voxels = np.argwhere(whole)
    if len(voxels) == 0:
        return whole
    normal = generator.normal(size=3)
    along = (voxels * np.array(patch.lengths)) @ (normal / np.linalg.norm(normal))
    share = generator.uniform(0.25, 0.75)
    low = generator.uniform(0, 1 - share) if generator.random() < 0.5 else 0.0
    near, far = np.quantile(along, [low, low + share])
    kept = voxels[(along >= near) & (along <= far)]
    part = np.zeros_like(whole)
    part[tuple(kept.T)] = True
    return part


def _region(patch: RealPatch, generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """Connected voxels of like intensity in the smoothed image, without thin sheets and bridges."""
    soft = gaussian_filter(patch.image, generator.uniform(0.6, 1.8) / np.array(patch.lengths))
    shares = np.sort(generator.uniform(0.02, 0.98, int(generator.integers(2, 6))))
    cuts = np.quantile(soft[patch.valid][::7], shares)
    steps = np.where(patch.valid, np.digitize(soft, cuts) + 1, 0).astype(np.uint8)
    axes = [axis for axis in range(3) if patch.lengths[axis] < 2]
    core = steps
    for _ in range(2):
        core = np.where(_at_edges(core, axes), np.uint8(0), core)
    piece = _piece(core, generator, most=0.25)
    if piece.any():
        same = steps == steps[piece][0]
        for _ in range(3):
            piece = _grown(piece) & same
    return piece


def _at_edges(values: Array, axes: Sequence[int]) -> Bool[Array, "i j k"]:
    """The voxels with another value beside them along one of these axes."""
    found = np.zeros(values.shape, dtype=np.bool_)
    for axis in axes:
        out, lines = np.moveaxis(found, axis, 0), np.moveaxis(values, axis, 0)
        differ = lines[1:] != lines[:-1]
        out[1:] |= differ
        out[:-1] |= differ
    return found


def _piece(
    values: Array, generator: np.random.Generator, most: float = 1.0
) -> Bool[Array, "i j k"]:
    """A connected component of equal values: larger ones more often, none above a share of all."""
    pieces = cc3d.connected_components(values, connectivity=6)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    often = np.sqrt(np.where((sizes >= SMALLEST) & (sizes <= most * values.size), sizes, 0))
    if often.sum() == 0:
        return np.zeros(values.shape, dtype=np.bool_)
    found: Array = pieces == generator.choice(len(often), p=often / often.sum())
    return found


KINDS: dict[str, Callable[[RealPatch, np.random.Generator], Array]] = {
    "label": _label,
    "union": _union,
    "component": _component,
    "part": _part,
    "region": _region,
}
