"""Synthetic scenes: images with known objects, made anew for each training step."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from voxclick.train.builtin.synth_intensity import Draw, Size, Stage, SynthSettings, paint, smooth
from voxclick.train.builtin.synth_shapes import (
    REACH,
    draw_lesion,
    draw_solid,
    paint_cells,
    paint_outline,
    paint_row,
    paint_solid,
    paint_tree,
    pick_voxel,
    warped_frame,
)

__all__ = ["Scenes", "SynthSettings", "make_scenes", "paint", "tissue_around"]

CPU_BATCH = 1  # on a CPU, one scene at a time stays in the cache


@dataclass(frozen=True, eq=False)
class Scenes:
    """A batch of scenes.

    Attributes:
        image: intensities on any scale (Hounsfield-like or MR-like); the reader normalises.
        objects: number of the object at each voxel, 1 to n in each scene, 0 none.
        parents: for each number, the object that it is embedded in, 0 none; a lesion's voxels
            are not those of its organ in `objects`, and belong to the organ as well.
        lengths: voxel step along each axis in units of the finest.
    """

    image: Float[Tensor, "b i j k"]
    objects: Int[Tensor, "b i j k"]
    parents: Int[Tensor, "b n"]
    lengths: Float[Tensor, "b 3"]


def make_scenes(
    count: int,
    size: int | Size,
    generator: torch.Generator,
    device: torch.device,
    settings: SynthSettings = SynthSettings(),  # noqa: B008 (frozen)
) -> Scenes:
    """Scenes of `size` voxels on `device`, equal for equal states of `generator`.

    Args:
        count: number of scenes.
        size: voxels along each axis, or along all three.
        generator: source of the randomness, on any device; it advances by one number.
        device: where the scenes are made and stay.
        settings: numbers of shapes and shares of effects.
    """
    shape = (size, size, size) if isinstance(size, int) else size
    draw = Draw.fork(generator, device)
    batch = CPU_BATCH if device.type == "cpu" else count
    parts = [
        make_batch(min(batch, count - start), shape, draw, settings)
        for start in range(0, count, batch)
    ]
    return Scenes(
        torch.cat([part.image for part in parts]),
        torch.cat([part.objects for part in parts]),
        torch.cat([part.parents for part in parts]),
        torch.cat([part.lengths for part in parts]),
    )


def make_batch(count: int, size: Size, draw: Draw, settings: SynthSettings) -> Scenes:
    """The scenes of one batch."""
    thick = draw.chance(settings.thick_slices / 2, count, 1)
    axis = torch.nn.functional.one_hot(draw.whole(3, count), 3).bool()
    step = draw.uniform(1.5, settings.thickest, count, 1)
    lengths = torch.where(thick & axis, step, 1.0)
    stage = Stage(size, lengths, draw, settings)
    layout = Layout(settings)
    shapes = paint_shapes(stage, layout)
    objects, parents = number_objects(shapes, draw_hidden(draw, count, layout), settings)
    table = torch.tensor(layout.tissue, device=draw.device)
    tissue, beneath = table[shapes.raw.to(torch.int64)], table[shapes.beneath]
    image = paint(objects, tissue, lengths, draw.generator, settings, beneath)
    return Scenes(image, objects, parents, lengths)


@dataclass(frozen=True)
class Layout:
    """The number that each shape has in a raw map, equal in all scenes; 0 is outside the body."""

    settings: SynthSettings
    tissue: list[int] = field(init=False)

    def __post_init__(self) -> None:
        tissue = list(range(self.total))
        for row in range(self.settings.rows):
            start = self.row(row)
            tissue[start : start + 2 * REACH + 1] = [start] * (2 * REACH + 1)
        object.__setattr__(self, "tissue", tissue)

    def solid(self, index: int) -> int:
        """Number of a solid; its core follows."""
        return 1 + self.settings.cells + 2 * index

    def row(self, index: int) -> int:
        """Number of the first instance of a row; the tissue between them follows the last."""
        return self.solid(self.settings.solids) + (2 * REACH + 2) * index

    def tree(self, index: int) -> int:
        """Number of a vessel tree."""
        return self.row(self.settings.rows) + index

    def lesion(self, index: int) -> int:
        """Number of a lesion; its core follows."""
        return self.tree(self.settings.trees) + 2 * index

    @property
    def skin(self) -> int:
        """Number of the layer under the body outline."""
        return self.lesion(self.settings.lesions)

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return self.skin + 1

    @property
    def hidden(self) -> list[float]:
        """How often each number is tissue without being an object."""
        share = [0.1] * self.total
        share[0] = share[self.skin] = 1.0
        share[1 : self.settings.cells + 1] = [0.3] * self.settings.cells
        for index in range(self.settings.solids):
            share[self.solid(index) + 1] = 0.5
        for index in range(self.settings.rows):
            share[self.row(index) + 2 * REACH + 1] = 0.7
        for index in range(self.settings.lesions):
            share[self.lesion(index) + 1] = 0.7
        return share


@dataclass(frozen=True, eq=False)
class RawMap:
    """All shapes of each scene, in the numbers of a layout.

    Attributes:
        raw: number of the uppermost shape at each voxel.
        parents: for each number, the shape it is part of or embedded in, 0 none.
        beneath: for each number, the shape that it was painted on, 0 unknown.
    """

    raw: Int[Tensor, "b i j k"]
    parents: Int[Tensor, "b r"]
    beneath: Int[Tensor, "b r"]


def paint_shapes(stage: Stage, layout: Layout) -> RawMap:
    """Cells, then solids, rows, trees and lesions over them, then the outline of the body."""
    settings, draw, count = layout.settings, stage.draw, stage.count
    grid = paint_cells(stage, settings.cells)
    raw = grid.flatten(1)
    parents = torch.zeros(count, layout.total, dtype=torch.int64, device=draw.device)
    beneath = torch.zeros_like(parents)
    frame = warped_frame(stage)
    ripple = smooth(stage, 1, 0.08 * stage.side, 0.2 * stage.side).flatten(1)
    zoom = draw.log_uniform(0.6, 1.4, count, 1)
    for index in range(settings.solids):
        number = layout.solid(index)
        centre, holder = pick_voxel(draw, raw, frame)
        beneath[:, number] = holder[:, 0]
        parents[:, number + 1] = beneath[:, number + 1] = number
        paint_solid(draw_solid(stage, centre, zoom), raw, frame, ripple, draw, number)
    for index in range(settings.rows):
        paint_row(stage, raw, frame, layout.row(index))
    for index in range(settings.trees):
        number = layout.tree(index)
        beneath[:, number], parents[:, number] = paint_tree(stage, raw, number)
    for index in range(settings.lesions):
        number = layout.lesion(index)
        centre, holder = pick_voxel(draw, raw, frame)
        inside = draw.chance(0.75, count, 1)
        beneath[:, number] = holder[:, 0]
        parents[:, number] = torch.where(inside, holder, 0)[:, 0]
        parents[:, number + 1] = beneath[:, number + 1] = number
        lesion, allowed = draw_lesion(stage, centre, zoom), (raw == holder) | ~inside
        paint_solid(lesion, raw, frame, ripple, draw, number, allowed)
    paint_outline(stage, raw, frame, layout.skin)
    return RawMap(raw.reshape(grid.shape), parents, beneath)


def draw_hidden(draw: Draw, count: int, layout: Layout) -> Bool[Tensor, "b r"]:
    """Which numbers of the raw map are tissue without being objects."""
    share = torch.tensor(layout.hidden, device=draw.device)
    return draw.uniform(0, 1, count, layout.total) < share


def number_objects(
    shapes: RawMap,
    hidden: Bool[Tensor, "b r"],
    settings: SynthSettings,
) -> tuple[Int[Tensor, "b i j k"], Int[Tensor, "b r"]]:
    """Objects numbered from 1 without gaps, and their parents.

    What is hidden or too small becomes part of its parent, or no object if it has none. In a
    scene with fewer than three large objects nothing large is hidden.
    """
    raw, parents = shapes.raw, shapes.parents
    count, total = parents.shape
    flat = raw.flatten(1).to(torch.int64)
    voxels = torch.zeros(count, total, device=raw.device)
    voxels.scatter_add_(1, flat, torch.ones((), device=raw.device).expand_as(flat))
    large = voxels >= max(100, settings.smallest)
    poor = ((large & ~hidden).sum(1, keepdim=True)) < 4
    hidden = (hidden & ~(poor & large)) | (voxels < settings.smallest)
    hidden[:, 0] = True
    own = torch.where(hidden, 0, (~hidden).cumsum(1))
    number, holder = own, parents
    for _ in range(3):  # a core in a lesion in a core in a solid
        number = torch.where(hidden & (number == 0), own.gather(1, holder), number)
        holder = parents.gather(1, holder)
    objects = number.gather(1, flat).to(torch.int16).reshape(raw.shape)
    above = torch.where(hidden, 0, number.gather(1, parents))
    renumbered = torch.zeros_like(parents).scatter_(1, own, above)
    renumbered[:, 0] = 0
    return objects, renumbered


def tissue_around(
    objects: Int[Tensor, "b i j k"],
    lengths: Float[Tensor, "b 3"],
    generator: torch.Generator,
    settings: SynthSettings = SynthSettings(),  # noqa: B008 (frozen)
) -> Int[Tensor, "b i j k"]:
    """Tissues for `paint` from a label map of a real volume.

    Each object is a tissue; what is no object is divided into random regions, since a background
    of one intensity would give the objects away.
    """
    size = (objects.shape[1], objects.shape[2], objects.shape[3])
    stage = Stage(size, lengths, Draw.fork(generator, objects.device), settings)
    cells = paint_cells(stage, settings.cells)
    return torch.where(objects > 0, objects.to(cells.dtype) + settings.cells, cells)
