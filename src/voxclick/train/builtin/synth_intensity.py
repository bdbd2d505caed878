"""Smooth random fields, and CT-like or MR-like intensities for a map of tissues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Size = tuple[int, int, int]
TISSUES = 256  # tissue numbers are taken modulo this
# Hounsfield units of air, lung, fat, water, soft tissue, contrast-enhanced tissue and bone,
# and how often each is drawn
MODES = (
    (-1000.0, -950.0, 0.03),
    (-880.0, -600.0, 0.10),
    (-125.0, -60.0, 0.15),
    (-5.0, 25.0, 0.08),
    (25.0, 80.0, 0.36),
    (90.0, 280.0, 0.15),
    (200.0, 1100.0, 0.13),
)


@dataclass(frozen=True)
class SynthSettings:
    """How many shapes of each sort a scene may hold, and how often each effect occurs.

    Attributes:
        cells: regions that fill the scene without gaps.
        solids: single closed shapes painted over the cells.
        rows: periodic rows of instances, such as vertebrae or ribs.
        trees: branching vessels.
        lesions: lesions inside another shape.
        smallest: shapes with fewer visible voxels are not objects.
        body: share of scenes with a body outline and air outside.
        ct: share of scenes with CT-like intensities; the others are MR-like.
        low_contrast: share of scenes with neighbours of nearly the same intensity.
        thick_slices: share of scenes with one axis of poorer resolution.
        thickest: longest voxel step in units of the finest.
    """

    cells: int = 14
    solids: int = 14
    rows: int = 2
    trees: int = 2
    lesions: int = 3
    smallest: int = 24
    body: float = 0.35
    ct: float = 0.5
    low_contrast: float = 0.25
    thick_slices: float = 0.35
    thickest: float = 5.0


@dataclass(frozen=True, eq=False)
class Draw:
    """Random numbers on one device."""

    generator: torch.Generator

    @classmethod
    def fork(cls, parent: torch.Generator, device: torch.device) -> Draw:
        """A new stream on `device`, seeded by the next number of `parent`."""
        seed = torch.randint(2**62, (1,), generator=parent, device=parent.device).item()
        return cls(torch.Generator(device).manual_seed(int(seed)))

    @property
    def device(self) -> torch.device:
        """Where the numbers lie."""
        return self.generator.device

    def uniform(self, low: float, high: float, *shape: int) -> Float[Tensor, ...]:
        """Numbers between `low` and `high`."""
        numbers = torch.rand(shape, generator=self.generator, device=self.device)
        return numbers.mul_(high - low).add_(low)

    def log_uniform(self, low: float, high: float, *shape: int) -> Float[Tensor, ...]:
        """Numbers between `low` and `high` whose logarithms are uniform."""
        return self.uniform(math.log(low), math.log(high), *shape).exp_()

    def normal(self, *shape: int) -> Float[Tensor, ...]:
        """Numbers of mean 0 and variance 1."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def whole(self, below: int, *shape: int) -> Int[Tensor, ...]:
        """Whole numbers from 0 to `below - 1`."""
        return torch.randint(below, shape, generator=self.generator, device=self.device)

    def chance(self, share: float, *shape: int) -> Bool[Tensor, ...]:
        """True with probability `share`."""
        return torch.rand(shape, generator=self.generator, device=self.device) < share


@dataclass(frozen=True, eq=False)
class Stage:
    """The array that scenes are sampled on, in units of the finest voxel step."""

    size: Size
    lengths: Float[Tensor, "b 3"]
    draw: Draw
    settings: SynthSettings

    @property
    def count(self) -> int:
        """Number of scenes."""
        return self.lengths.shape[0]

    @property
    def side(self) -> float:
        """Shortest side in voxels: the measure of all shapes."""
        return float(min(self.size))

    @property
    def extent(self) -> Float[Tensor, "b 3"]:
        """Length of the scene along each axis."""
        return self.lengths * torch.tensor(self.size, device=self.lengths.device)

    def positions(self, axis: int) -> Float[Tensor, "b s"]:
        """Positions of the voxel centres along one axis."""
        steps = torch.arange(self.size[axis], device=self.lengths.device)
        return steps * self.lengths[:, axis, None]


def along(field: Float[Tensor, "b c x y z"], matrices: Float[Tensor, "b s n"], axis: int) -> Tensor:
    """The field with one axis multiplied by a matrix of each scene."""
    if axis == 2:
        return field @ matrices.transpose(1, 2)[:, None, None]
    if axis == 1:
        return matrices[:, None, None] @ field
    product = matrices[:, None] @ field.flatten(3)  # b c s (y z)
    return product.reshape(*product.shape[:3], *field.shape[3:])


def smooth(stage: Stage, channels: int, finest: float, coarsest: float) -> Tensor:
    """Smooth random fields of about unit variance, shape (b, channels, i, j, k).

    Cubic B-splines on a random lattice whose step is drawn for each scene between `finest` and
    `coarsest`; three products with small matrices, so cheap on a CPU and a few launches on a GPU.
    """
    draw = stage.draw
    step = stage.lengths / draw.log_uniform(finest, coarsest, stage.count, 1)
    bound = min(0.5, stage.settings.thickest / finest)
    step = step.clamp(max=bound)
    nodes = [math.ceil(bound * side) + 4 for side in stage.size]
    values = draw.normal(stage.count, channels, *nodes)
    for axis in (2, 1, 0):
        where = torch.arange(stage.size[axis], device=draw.device) * step[:, axis, None]
        where = where + draw.uniform(0, 1, stage.count, 1)
        knots = torch.arange(nodes[axis], device=draw.device) - 1.0
        far = (where[:, :, None] - knots).abs()
        inner = 2 / 3 - far * far * (1 - far / 2)
        values = along(values, torch.where(far < 1, inner, (2 - far).clamp(min=0) ** 3 / 6), axis)
    return values.mul_(3.0)


def idle(active: Bool[Tensor, ...]) -> bool:
    """Whether nothing is active; always False on a GPU, where asking would stop the queue."""
    return active.device.type == "cpu" and not bool(active.any())


@dataclass(frozen=True, eq=False)
class Palette:
    """What the intensities of each scene are drawn from; tables have a column for each tissue."""

    ct: Bool[Tensor, "b 1"]
    mean: Float[Tensor, "b p"]
    texture: Float[Tensor, "b p 3"]
    instance: Float[Tensor, "b p"]
    noise: Float[Tensor, "b 1"]
    septum: Float[Tensor, "b 1"]
    unit: Float[Tensor, "b 1"]


def draw_palette(
    draw: Draw, count: int, settings: SynthSettings, beneath: Int[Tensor, "b p"] | None
) -> Palette:
    """Means, textures and noise; CT in Hounsfield units, MR with most tissues between 0 and 1."""
    ct = draw.chance(settings.ct, count, 1)
    weights = torch.tensor([mode[2] for mode in MODES], device=draw.device).expand(count, -1)
    modes = torch.multinomial(weights, TISSUES, replacement=True, generator=draw.generator)
    low, high = torch.tensor(MODES, device=draw.device)[:, :2][modes].unbind(2)
    share = draw.uniform(0, 1, count, TISSUES)
    mean = torch.where(ct, low + (high - low) * share, draw.uniform(0.05, 1, count, TISSUES))
    unit = torch.where(ct, 100.0, 0.3)  # a clear difference between two tissues
    low_contrast = draw.chance(settings.low_contrast, count, 1)
    source = draw.whole(16, count, TISSUES)
    if beneath is not None:
        known = torch.nn.functional.pad(beneath, (0, TISSUES - beneath.shape[1]))
        source = torch.where(known > 0, known, source)
    copied = draw.uniform(0, 1, count, TISSUES) < torch.where(low_contrast, 0.6, 0.25)
    step = draw.normal(count, TISSUES) * torch.where(low_contrast, 0.25, 0.4) * unit
    own = mean
    for _ in range(3):  # a lesion on a solid on a cell
        mean = torch.where(copied, mean.gather(1, source) + step, own)
    mean[:, :1] = torch.where(ct, -1000.0, draw.uniform(0, 0.04, count, 1))
    texture = draw.normal(count, TISSUES, 3) * draw.log_uniform(0.02, 0.15, count, 1, 1)
    texture *= draw.log_uniform(0.3, 3.0, count, TISSUES, 1) * unit[:, :, None]
    texture[:, 0] = 0
    instance = draw.normal(count, TISSUES) * draw.uniform(0, 0.15, count, 1) * unit
    instance[:, 0] = 0
    septum = draw.normal(count, 1) * draw.chance(0.35, count, 1) * 0.7 * unit
    noise = draw.log_uniform(0.04, 0.4, count, 1) * unit * torch.where(low_contrast, 0.5, 1.0)
    return Palette(ct, mean, texture, instance, noise, septum, unit)


def borders(objects: Int[Tensor, "b i j k"]) -> Bool[Tensor, "b i j k"]:
    """Voxels whose next neighbour along an axis belongs to another object."""
    edge = torch.zeros_like(objects, dtype=torch.bool)
    edge[:, 1:] = objects[:, 1:] != objects[:, :-1]
    edge[:, :, 1:] |= objects[:, :, 1:] != objects[:, :, :-1]
    edge[..., 1:] |= objects[..., 1:] != objects[..., :-1]
    return edge


def blur(image: Float[Tensor, "b i j k"], widths: Float[Tensor, "b 3"]) -> Float[Tensor, "b i j k"]:
    """The image after Gaussian averaging; `widths` are standard deviations in voxels."""
    values = image[:, None]
    for axis in range(3):
        where = torch.arange(image.shape[1 + axis], device=image.device)
        far = (where[:, None] - where)[None] / widths[:, axis, None, None]
        weights = torch.exp(-0.5 * far * far)
        values = along(values, weights / weights.sum(2, keepdim=True), axis)
    return values[:, 0]


def streaks(stage: Stage, ct: Bool[Tensor, "b 1"]) -> Float[Tensor, "b i j k"] | None:
    """Rays around a bright point in one plane, as near metal in CT; None if no scene has any."""
    draw, count = stage.draw, stage.count
    active = ct & draw.chance(0.08, count, 1)
    if idle(active):
        return None
    order = draw.uniform(0, 1, count, 3).argsort(1)
    centre = draw.uniform(0, 1, count, 3) * stage.extent
    plane = [torch.zeros(1, device=draw.device)] * 3
    for axis in range(3):
        shape = [count, 1, 1, 1]
        shape[1 + axis] = stage.size[axis]
        away = stage.positions(axis) - centre[:, axis, None]
        for turn in range(3):
            chosen = away * (order[:, turn, None] == axis)
            plane[turn] = plane[turn] + chosen.reshape(shape)
    angle = torch.atan2(plane[0], plane[1])
    far = (plane[0].square() + plane[1].square() + plane[2].square()).sqrt()
    rays = torch.zeros_like(far)
    for sharpness in (2.0, 5.0, 9.0):
        phase = draw.uniform(0, 2 * math.pi, count, 1, 1, 1)
        rays += torch.cos(angle * sharpness + phase)
    height = draw.uniform(60, 300, count, 1, 1, 1) * active[:, :, None, None]
    rays *= torch.exp(-far / (0.4 * stage.side)) * height
    return rays + torch.where(far < 2, 6 * height, 0.0)


def tissue_values(
    stage: Stage, palette: Palette, objects: Int[Tensor, "b i j k"], tissue: Int[Tensor, "b i j k"]
) -> Float[Tensor, "b i j k"]:
    """The noiseless image: means, textures, differences of instances, and septa between them."""
    side = stage.side
    kind = tissue.flatten(1).to(torch.int64).remainder_(TISSUES)  # b v
    image = palette.mean.gather(1, kind)
    textures = torch.cat(
        [
            smooth(stage, 1, 0.25 * side, 0.5 * side),
            smooth(stage, 1, 4.0, 0.2 * side),
            smooth(stage, 1, 2.0, 3.5),
        ],
        dim=1,
    ).flatten(2)
    for scale in range(3):
        image.addcmul_(palette.texture[:, :, scale].gather(1, kind), textures[:, scale])
    number = objects.flatten(1).to(torch.int64).remainder_(TISSUES)
    image += palette.instance.gather(1, number)
    septa = borders(objects).flatten(1) * palette.septum
    return (image + septa).reshape(tissue.shape)


def add_noise(
    stage: Stage, palette: Palette, image: Float[Tensor, "b i j k"]
) -> Float[Tensor, "b i j k"]:
    """The image with white and correlated noise; the magnitude of a complex signal for MR."""
    draw, count = stage.draw, stage.count
    white = draw.normal(count, *stage.size)
    grain = blur(white, draw.log_uniform(0.5, 1.3, count, 1).expand(-1, 3))
    white = white.lerp_(2.5 * grain, draw.uniform(0, 1, count, 1, 1, 1))
    white *= palette.noise[:, :, None, None]
    noisy = image + white
    magnitude = torch.hypot(noisy, white.flip((1, 2, 3)))
    return torch.where(palette.ct[:, :, None, None], noisy, magnitude)


def finish(
    stage: Stage, ct: Bool[Tensor, "b 1"], image: Float[Tensor, "b i j k"]
) -> Float[Tensor, "b i j k"]:
    """The image as stored: clipped units for CT; gamma, inversion and any scale for MR."""
    draw, count = stage.draw, stage.count
    windowed = draw.chance(0.12, count, 1, 1, 1)
    low = torch.where(windowed, draw.uniform(-250, -100, count, 1, 1, 1), -1024.0)
    high = torch.where(windowed, draw.uniform(200, 500, count, 1, 1, 1), 3071.0)
    clipped = image.clamp(low, high)
    least = image.amin((1, 2, 3), keepdim=True)
    most = image.amax((1, 2, 3), keepdim=True)
    share = ((image - least) / (most - least + 1e-6)).clamp_(1e-4, 1)
    share = share.pow(draw.log_uniform(0.6, 1.6, count, 1, 1, 1))
    share = torch.where(draw.chance(0.15, count, 1, 1, 1), 1 - share, share)
    scaled = share * draw.log_uniform(1, 3000, count, 1, 1, 1)
    scaled += scaled.amax((1, 2, 3), keepdim=True) * draw.uniform(-0.1, 0.1, count, 1, 1, 1)
    return torch.where(ct[:, :, None, None], clipped, scaled)


def paint(
    objects: Int[Tensor, "b i j k"],
    tissue: Int[Tensor, "b i j k"],
    lengths: Float[Tensor, "b 3"],
    generator: torch.Generator,
    settings: SynthSettings = SynthSettings(),
    beneath: Int[Tensor, "b p"] | None = None,
) -> Float[Tensor, "b i j k"]:
    """Intensities for a map of tissues, drawn anew at each call; half CT-like, half MR-like.

    Args:
        objects: instance numbers, 0 none; instances of one tissue differ slightly.
        tissue: tissue numbers, 0 the air outside of the body.
        lengths: voxel step along each axis in units of the finest.
        generator: source of the randomness, on any device.
        settings: shares of the modalities and effects.
        beneath: for each tissue, the one it lies on, 0 unknown: some tissues get nearly the
            intensity of that one.
    """
    draw = Draw.fork(generator, objects.device)
    count, *size = objects.shape
    stage = Stage((size[0], size[1], size[2]), lengths, draw, settings)
    palette = draw_palette(draw, count, settings, beneath)
    image = tissue_values(stage, palette, objects, tissue)
    rays = streaks(stage, palette.ct)
    if rays is not None:
        image = image + rays
    widths = draw.uniform(0.3, 0.75, count, 1).repeat(1, 3)
    thick = draw.chance(settings.thick_slices / 2, count, 1) & (
        lengths.amax(1, keepdim=True) < 1.01
    )
    axis = torch.nn.functional.one_hot(draw.whole(3, count), 3).bool()
    widths = torch.where(thick & axis, draw.uniform(0.9, 2.0, count, 1), widths)
    image = blur(image, widths)
    strength = draw.uniform(0, 0.3, count, 1, 1, 1) * ~palette.ct[:, :, None, None]
    bias = smooth(stage, 1, 0.6 * stage.side, 1.5 * stage.side)[:, 0]
    image = image * torch.exp(bias * strength)
    return finish(stage, palette.ct, add_noise(stage, palette, image))
