"""What the network sees: the image, the prompts and the evidence, as maps aligned with the view."""

from dataclasses import dataclass

import edt
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from voxclick.models.builtin.folding import Folding
from voxclick.models.evidence.race import Evidence
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import Seeds
from voxclick.types import Array, Vector3

NEAR, WIDE = 3.0, 10.0
"""Reach of a prompt's maps, in folded voxels."""

FAR_ROOM = 0.5
"""How much of a correction counts far from the newest prompt, once there is a mask.

All of it, and errors that feed on the previous mask outgrow the clicks that mend them.
"""

TAUGHT = 0.25
"""Each further prompt divides what a correction counts by this much more.

Prompts teach the evidence this volume, which beats what the network learnt of others, most of all
on anatomy that it never saw.
"""

DEEP = 4.0
"""A signed distance of this many voxels is nearly as sure as any."""


@dataclass(frozen=True, eq=False)
class Maps:
    """The input of the network's prompt half.

    Attributes:
        folded: Maps on the folded grid; the last two are the samples of either side.
        fine: Maps on the grid of the view: the score, the intensity, the mask so far.
        room: On that grid, the share of the network's correction that counts.
    """

    folded: Float[Tensor, "maps u v w"]
    fine: Float[Tensor, "fine i j k"]
    room: Float[Tensor, "1 i j k"]


def image_maps(scene: Scene, folding: Folding) -> Float[Tensor, "c u v w"]:
    """The input of the network's image half: sub-voxels, step lengths, and what is there."""
    intensity = torch.from_numpy(scene.intensity)[None] - 0.5
    there = folding.mean(torch.ones(1, *scene.intensity.shape))
    steps = torch.tensor(_log_lengths(scene.lengths)).reshape(3, 1, 1, 1)
    return torch.cat([folding.subvoxels(intensity), steps * torch.ones_like(there), there])


def prompt_maps(scene: Scene, seeds: Seeds, evidence: Evidence, folding: Folding) -> Maps:
    """The maps of all prompts and of what the evidence says."""
    shape = scene.intensity.shape
    marks, hints = seeds.marks, seeds.hints.astype(np.float32)
    for core in seeds.cores:
        hints.ravel()[core] = 1.0
    sides = [marks == 1, marks == -1, *_newest(seeds)]
    marked = folding.most(torch.from_numpy(np.stack(sides).astype(np.float32)))
    prior = np.zeros(shape, dtype=np.float32) if evidence.prior is None else evidence.prior
    levels = np.stack(
        [
            hints,
            np.tanh(prior / DEEP),
            np.full(shape, evidence.prior is not None, dtype=np.float32),
            evidence.ratio / 3,
            evidence.lead,
            np.tanh(evidence.score / 2),
            _counted(seeds.inside, shape),
            _counted(seeds.outside, shape),
        ]
    ).astype(np.float32)
    reached = [
        _nearness(marked[0], WIDE),
        _nearness(marked[1], WIDE),
        _nearness(marked[2], WIDE) - _nearness(marked[3], WIDE),
        _nearness(marked[2], NEAR) - _nearness(marked[3], NEAR),
    ]
    folded = torch.cat([marked[:2], torch.stack(reached), folding.mean(torch.from_numpy(levels))])
    fine = np.stack([evidence.score, scene.intensity - 0.5, np.tanh(prior / DEEP)])
    room = FAR_ROOM + (1 - FAR_ROOM) * evidence.near[None]
    room /= np.float32(1 + TAUGHT * max(0, len(seeds.readings) - 1))
    return Maps(folded, torch.from_numpy(fine.astype(np.float32)), torch.from_numpy(room))


def _log_lengths(lengths: Vector3) -> list[float]:
    return [float(np.log2(length)) for length in lengths]


def _newest(seeds: Seeds) -> tuple[Bool[Array, "i j k"], Bool[Array, "i j k"]]:
    """The voxels of the newest prompt, by its side."""
    own = np.zeros(seeds.marks.shape, dtype=np.bool_)
    other = own.copy()
    if seeds.readings:
        newest = seeds.readings[-1]
        for flat in (newest.own, newest.likely_own, newest.core):
            own.ravel()[flat] = True
        if not own.any():
            for flat in (newest.other, newest.likely_other):
                other.ravel()[flat] = True
    return own, other


def _counted(samples: list[Array], shape: tuple[int, ...]) -> Float[Array, "i j k"]:
    """1 where a voxel is among the samples."""
    found = np.zeros(shape, dtype=np.float32)
    for flat in samples:
        found.ravel()[flat] = 1.0
    return found


def _nearness(marked: Float[Tensor, "u v w"], reach: float) -> Float[Tensor, "u v w"]:
    """From 1 at the marked voxels to 0 far from them."""
    away = marked.numpy() < 0.5
    if away.all():
        return torch.zeros_like(marked)
    return torch.from_numpy(np.exp(-((edt.edt(away) / reach) ** 2)).astype(np.float32))
