"""Anatomy-like label maps: cells, solids, rows of instances, vessel trees and lesions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from voxclick.train.builtin.synth_intensity import Draw, Stage, idle, smooth

REACH = 4  # a row has 2 * REACH + 1 instances
LESION_RADIUS = (0.045, 0.14)  # as fractions of the shortest side


def paint_cells(stage: Stage, cells: int) -> Int[Tensor, "b i j k"]:
    """Regions numbered from 1 that fill the scene: seeds' distances roughened by smooth noise."""
    draw = stage.draw
    seeds = draw.uniform(-0.1, 1.1, stage.count, cells, 3) * stage.extent[:, None]
    reach = (stage.extent.prod(1) / cells).pow(1 / 3)[:, None, None]
    base = stage.side / cells ** (1 / 3)
    score = smooth(stage, cells, 0.35 * base, 1.5 * base)
    score *= draw.log_uniform(0.2, 1.0, stage.count, 1, 1, 1, 1)
    for axis in range(3):
        far = (stage.positions(axis)[:, None] - seeds[:, :, axis, None]) / reach
        shape = [stage.count, cells, 1, 1, 1]
        shape[2 + axis] = stage.size[axis]
        score -= (0.5 * far * far).reshape(shape)
    empty = draw.uniform(0, 1, stage.count, cells) < draw.uniform(0, 0.6, stage.count, 1)
    empty[:, :4] = False
    handicap = torch.where(empty, 1e3, draw.uniform(0, 0.5, stage.count, cells))
    score -= handicap[:, :, None, None, None]
    best = score[:, 0]
    raw = torch.ones(best.shape, dtype=torch.int16, device=draw.device)
    for cell in range(1, cells):
        raw.masked_fill_(score[:, cell] > best, cell + 1)
        best = torch.maximum(best, score[:, cell])
    return raw


def warped_frame(stage: Stage) -> Float[Tensor, "b 3 v"]:
    """Positions of the voxels, displaced smoothly on two scales."""
    draw, side = stage.draw, stage.side
    frame = smooth(stage, 3, 0.5 * side, side) * draw.uniform(
        0, 0.07 * side, stage.count, 1, 1, 1, 1
    )
    ripple = smooth(stage, 3, 0.12 * side, 0.3 * side)
    frame += ripple * draw.uniform(0, 0.02 * side, stage.count, 1, 1, 1, 1)
    for axis in range(3):
        shape = [stage.count, 1, 1, 1]
        shape[1 + axis] = stage.size[axis]
        frame[:, axis] += stage.positions(axis).reshape(shape)
    return frame.flatten(2)


def rotations(draw: Draw, count: int) -> Float[Tensor, "b 3 3"]:
    """Random rotations, from the products of random unit vectors."""
    first = torch.nn.functional.normalize(draw.normal(count, 3), dim=1)
    other = torch.nn.functional.normalize(draw.normal(count, 3), dim=1)
    second = torch.nn.functional.normalize(torch.linalg.cross(first, other), dim=1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], 1)


# Ranges for each sort of solid: three radii (fractions of the shortest side), squareness
# (0 ellipsoid, 1 box), bend, roughness, and the share with a core.
SORTS = (
    ((0.10, 0.25), (0.10, 0.25), (0.08, 0.20), (0.0, 0.3), (0.0, 0.3), (0.0, 0.3), 0.2),
    ((0.06, 0.14), (0.06, 0.14), (0.06, 0.14), (0.0, 0.2), (0.0, 0.1), (0.0, 0.1), 0.3),
    ((0.08, 0.30), (0.08, 0.20), (0.06, 0.18), (0.7, 0.95), (0.0, 0.2), (0.0, 0.05), 0.3),
    ((0.50, 1.30), (0.05, 0.11), (0.05, 0.11), (0.2, 0.8), (0.1, 0.7), (0.0, 0.1), 0.5),
    ((0.25, 0.60), (0.20, 0.50), (0.03, 0.06), (0.0, 0.6), (0.0, 0.6), (0.0, 0.1), 0.0),
    ((0.20, 0.40), (0.15, 0.35), (0.15, 0.30), (0.0, 0.2), (0.0, 0.4), (0.0, 0.4), 0.25),
    ((0.08, 0.25), (0.08, 0.25), (0.08, 0.20), (0.0, 0.1), (0.0, 0.3), (0.3, 0.8), 0.0),
)


@dataclass(frozen=True, eq=False)
class Solid:
    """One closed shape of each scene; `core` is the level of its core's surface, 0 without one."""

    centre: Float[Tensor, "b 3"]
    radii: Float[Tensor, "b 3"]
    square: Float[Tensor, "b 1"]
    bend: Float[Tensor, "b 2"]
    rough: Float[Tensor, "b 1"]
    core: Float[Tensor, "b 1"]
    active: Bool[Tensor, "b 1"]

    def level(
        self, frame: Float[Tensor, "b 3 v"], ripple: Float[Tensor, "b v"], draw: Draw
    ) -> Float[Tensor, "b v"]:
        """A function of the voxel that is below 1 inside."""
        matrix = rotations(draw, frame.shape[0]) / self.radii[:, :, None]
        local = torch.baddbmm(-matrix @ self.centre[:, :, None], matrix, frame)
        first, second, third = local.unbind(1)
        bend = self.bend * self.radii[:, :1] / self.radii[:, 1:]
        square = first * first
        second = second + bend[:, :1] * (square - 0.33)
        third = third + bend[:, 1:] * first * (square - 1)
        second, third = second * second, third * third
        largest = torch.maximum(torch.maximum(square, second), third)
        total = (square + second).add_(third)
        level = total.lerp_(largest, self.square)
        return level.add_(self.rough * ripple).add_(torch.where(self.active, 0.0, 1e3))


def pick_voxel(
    draw: Draw, raw: Int[Tensor, "b v"], frame: Float[Tensor, "b 3 v"]
) -> tuple[Float[Tensor, "b 3"], Int[Tensor, "b 1"]]:
    """Where a random voxel of each scene lies, and the shape that holds it."""
    at = draw.whole(raw.shape[1], raw.shape[0], 1)
    centre = frame.gather(2, at[:, None].expand(-1, 3, -1))[:, :, 0]
    return centre, raw.gather(1, at).to(torch.int64)


def draw_solid(stage: Stage, centre: Float[Tensor, "b 3"], zoom: Float[Tensor, "b 1"]) -> Solid:
    """A solid of a random sort at `centre` of each scene."""
    draw, count = stage.draw, stage.count
    table = torch.tensor(
        [[value for pair in sort[:6] for value in pair] + [sort[6]] for sort in SORTS],
        device=draw.device,
    )
    chosen = table[draw.whole(len(SORTS), count)]
    low, high = chosen[:, 0:12:2], chosen[:, 1:12:2]
    value = low + (high - low) * draw.uniform(0, 1, count, 6)
    cored = draw.uniform(0, 1, count, 1) < chosen[:, 12:]
    thickness = draw.uniform(0.2, 0.5, count, 1)
    return Solid(
        centre=centre,
        radii=(value[:, :3] * stage.side * zoom).clamp(min=1.3),
        square=value[:, 3:4],
        bend=value[:, 4:5] * draw.uniform(-1, 1, count, 2),
        rough=value[:, 5:6],
        core=torch.where(cored, (1 - thickness) ** 2, 0.0),
        active=draw.uniform(0, 1, count, 1) * zoom < 0.75,
    )


def draw_lesion(stage: Stage, centre: Float[Tensor, "b 3"], zoom: Float[Tensor, "b 1"]) -> Solid:
    """A small roundish solid at `centre` of each scene."""
    draw, count = stage.draw, stage.count
    size = draw.log_uniform(*LESION_RADIUS, count, 1) * draw.uniform(0.7, 1.3, count, 3)
    thickness = draw.uniform(0.25, 0.55, count, 1)
    return Solid(
        centre=centre,
        radii=(size * stage.side * zoom).clamp(min=1.8),
        square=torch.zeros(count, 1, device=draw.device),
        bend=torch.zeros(count, 2, device=draw.device),
        rough=draw.uniform(0, 0.5, count, 1),
        core=torch.where(draw.chance(0.35, count, 1), (1 - thickness) ** 2, 0.0),
        active=draw.chance(0.6, count, 1),
    )


def paint_row(
    stage: Stage, raw: Int[Tensor, "b v"], frame: Float[Tensor, "b 3 v"], number: int
) -> None:
    """Paint a periodic row into `raw`: a stack of blocks with discs, or slanted rings (ribs)."""
    draw, count, side = stage.draw, stage.count, stage.side
    active = draw.chance(0.35, count, 1)
    if idle(active):
        return
    ribs = draw.chance(0.4, count, 1)
    period = draw.uniform(0.16, 0.32, count, 1) * side
    half = torch.where(ribs, draw.uniform(0.15, 0.3, count, 1), draw.uniform(0.3, 0.44, count, 1))
    radii = torch.where(ribs, draw.uniform(0.4, 0.9, count, 2), draw.uniform(0.1, 0.22, count, 2))
    thickness = torch.where(ribs, draw.uniform(0.05, 0.12, count, 1), 1.0)
    matrix = rotations(draw, count)
    centre = draw.uniform(0.1, 0.9, count, 3) * stage.extent
    local = torch.baddbmm(-matrix @ centre[:, :, None], matrix, frame)
    height, second, third = local.unbind(1)
    second = second + draw.uniform(-0.6, 0.6, count, 1) / side * height * height
    height = height + torch.where(ribs, draw.uniform(-0.4, 0.4, count, 1), 0.0) * second
    index = (height / period).round_().clamp_(-REACH, REACH)
    inside = (height - index * period) / (half * period)
    second, third = second / (radii[:, :1] * side), third / (radii[:, 1:] * side)
    across = (second * second).addcmul_(third, third).sqrt_().sub_(ribs.float()).div_(thickness)
    across = across.square_().add_(torch.where(active, 0.0, 1e3))
    between = (across < 0.75) & (height.abs() < (REACH + 0.5) * period)
    between &= draw.chance(0.8, count, 1)
    raw.masked_fill_(between, number + 2 * REACH + 1)
    inside = inside.square_()
    level = torch.maximum(inside, across).lerp_(inside + across, draw.uniform(0.1, 0.8, count, 1))
    instance = (index + (number + REACH)).to(raw.dtype)
    raw.copy_(torch.where(level < 1, instance, raw))


def branches(stage: Stage) -> Iterator[tuple[Tensor, Tensor]]:
    """Points (b, n, 3) and radii (b, n) of three generations of a vessel tree in each scene."""
    draw, count = stage.draw, stage.count
    steps = max(8, round(1.4 * stage.side))
    start = draw.uniform(0, 1, count, 1, 3) * stage.extent[:, None]
    heading = draw.normal(count, 1, 3)
    radius = draw.log_uniform(1.0, max(1.5, 0.07 * stage.side), count, 1)
    wiggle = draw.uniform(0.02, 0.16, count, 1, 1, 1)
    for generation in range(3):
        ways = torch.nn.functional.normalize(heading, dim=2)[:, :, None]
        turns = (draw.normal(count, ways.shape[1], steps, 3) * wiggle).cumsum(2)
        ways = torch.nn.functional.normalize(ways + turns, dim=3)
        points = start[:, :, None] + 0.75 * ways.cumsum(2)
        taper = torch.linspace(1, 0.65, steps, device=draw.device)
        radii = radius[:, :, None] * taper
        yield points.flatten(1, 2), radii.flatten(1)
        if generation == 2:
            return
        children = 3 * ways.shape[1]
        at = draw.whole(steps, count, children)
        parent = torch.arange(children, device=draw.device) // 3
        flat = parent * steps + at
        start = points.flatten(1, 2).gather(1, flat[..., None].expand(-1, -1, 3))
        heading = ways.flatten(1, 2).gather(1, flat[..., None].expand(-1, -1, 3))
        heading = heading + 0.6 * draw.normal(count, children, 3)
        radius = radii.flatten(1).gather(1, flat) * draw.uniform(0.6, 0.85, count, children)
        steps = max(6, round(0.65 * steps))


def tree_mask(stage: Stage) -> Bool[Tensor, "b v"]:
    """The voxels of one vessel tree in each scene: balls set along its branches."""
    device, voxels = stage.draw.device, math.prod(stage.size)
    mask = torch.zeros(stage.count, voxels + 1, dtype=torch.bool, device=device)
    size = torch.tensor(stage.size, device=device)
    widest = max(1.5, 0.07 * stage.side)
    lengths = stage.lengths[:, None, None]
    for generation, (points, radii) in enumerate(branches(stage)):
        reach = math.ceil(widest * 0.85**generation)
        line = torch.arange(-reach, reach + 1, device=device)
        ball = torch.cartesian_prod(line, line, line)
        ball = ball[(ball * ball).sum(1) <= (reach + 1) ** 2]
        voxel = (points[:, :, None] / lengths).round() + ball  # b n offsets 3
        away = (voxel * lengths - points[:, :, None]).square_().sum(3)
        inside = (away <= radii[:, :, None] ** 2) & ((voxel >= 0) & (voxel < size)).all(3)
        index = voxel.to(torch.int64)
        flat = (index[..., 0] * size[1] + index[..., 1]) * size[2] + index[..., 2]
        mask.scatter_(1, torch.where(inside, flat, voxels).flatten(1), True)
    return mask[:, :voxels]


def paint_solid(
    solid: Solid,
    raw: Int[Tensor, "b v"],
    frame: Float[Tensor, "b 3 v"],
    ripple: Float[Tensor, "b v"],
    draw: Draw,
    number: int,
    allowed: Bool[Tensor, "b v"] | None = None,
) -> None:
    """Paint a solid as `number` and its core as the next number."""
    if idle(solid.active):
        return
    level = solid.level(frame, ripple, draw)
    inside = level < 1 if allowed is None else (level < 1) & allowed
    raw.masked_fill_(inside, number)
    if not idle(solid.core > 0):
        raw.masked_fill_(inside & (level < solid.core), number + 1)


def paint_tree(stage: Stage, raw: Int[Tensor, "b v"], number: int) -> tuple[Tensor, Tensor]:
    """Paint a vessel tree; returns the shapes (b) beneath its root, and 0 where it crosses them."""
    draw, count = stage.draw, stage.count
    active, embedded = draw.chance(0.5, count, 1), draw.chance(0.4, count, 1)
    if idle(active):
        none = torch.zeros(count, dtype=torch.int64, device=draw.device)
        return none, none
    mask = tree_mask(stage) & active
    holder = raw.gather(1, mask.to(torch.int8).argmax(1, keepdim=True))
    raw.masked_fill_(mask & ((raw == holder) | ~embedded), number)
    holder = holder[:, 0].to(torch.int64)
    return holder, torch.where(active & embedded, holder[:, None], 0)[:, 0]


def paint_outline(
    stage: Stage, raw: Int[Tensor, "b v"], frame: Float[Tensor, "b 3 v"], number: int
) -> None:
    """Put air (0) outside of a body outline that crosses some scenes, and fat under its skin."""
    draw, count, side = stage.draw, stage.count, stage.side
    active = draw.chance(stage.settings.body, count, 1)
    if idle(active):
        return
    way = torch.nn.functional.normalize(draw.normal(count, 3), dim=1)
    radius = draw.uniform(0.6, 1.5, count, 1) * side
    centre = stage.extent / 2 - way * (radius - draw.uniform(0.1, 0.45, count, 1) * side)
    away = (frame - centre[:, :, None]).square().sum(1).sqrt_()
    away.sub_(torch.where(active, radius, 1e6))
    raw.masked_fill_(away > -draw.uniform(0.02, 0.12, count, 1) * side, number)
    raw.masked_fill_(away > 0, 0)
