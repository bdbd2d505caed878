"""A patch as another scan might show it: other intensities, the same shapes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter, zoom

from voxclick.types import Array, Vector3

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
