"""The score of each voxel: what it looks like, and whose seeds reach it first."""

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import edt
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from voxclick.models.evidence.appearance import Samples, log_ratio
from voxclick.models.evidence.features import smoothed
from voxclick.models.evidence.reading import thinned
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import Seeds, gather
from voxclick.models.evidence.sweep import FAR, edge_costs, geodesic_distance
from voxclick.prompts import Prompt
from voxclick.types import Array, Vector3

NOTHING = -4.0
"""The score where nothing says that there is an object."""

APPEARANCE = 1.0
RACE = 2.0
RACE_SCALE = 2.0
"""A lead of this much geodesic distance is worth `RACE * tanh(1)`."""

LIKELIHOOD_RATE, INTENSITY_RATE, LENGTH_RATE = 6.0, 15.0, 0.06
"""What a path pays for a change of 1 in posterior and in intensity, and for a unit of length."""

BORDER_START = 8.0
"""Background may enter through a cut face, at this cost where the voxel looks like the object.

Free entry keeps large objects from ever reaching the border of the view; none lets small ones
leak.
"""

FAR_RATE, FAR_FROM = 0.02, 8.0
"""What a unit of distance from the prompts costs, beyond the first few."""

LOCAL = 20.0
"""The most that the newest prompt reaches to change what was found before, in units of length."""

REACH_RATE, REACH_LEAST = 4.0, 4.0
"""Its reach by its depth, which is how far from the boundary so far it lies.

A click just beside the boundary mends a small error and must not move the far side of the object.
"""

PREVIOUS = 3.0
EVIDENCE = 0.5
"""How much the image may still move the boundary of what was found before."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the prompts make of a view.

    Attributes:
        ratio: The log ratio of each voxel's appearance, within +-3.
        lead: From -1 to 1, how far the object's paths are ahead of the background's.
        score: Both, with what was found before; above 0 where the object is.
        prior: Signed distance to the boundary before the newest prompt, positive inside; None
            where nothing was found before.
        near: From 1 at the newest prompt to 0 where it is too far to change what was found before;
            1 everywhere where nothing was.
    """

    ratio: Float32[Array, "i j k"]
    lead: Float32[Array, "i j k"]
    score: Float32[Array, "i j k"]
    prior: Float32[Array, "i j k"] | None
    near: Float32[Array, "i j k"]


def judge(
    scene: Scene, prompts: Sequence[Prompt], previous: Float[Tensor, "i j k"] | None
) -> tuple[Seeds, Evidence]:
    """What prompts in indices of the view say, and what follows from it."""
    before = None
    if previous is not None:
        before = previous.detach().to("cpu", torch.float32).numpy()
    seeds = gather(prompts, scene.intensity, scene.lengths)
    return seeds, weigh(scene, seeds, before)


def weigh(scene: Scene, seeds: Seeds, before: Float[Array, "i j k"] | None) -> Evidence:
    """Likelihoods and distances of every voxel, and the score that follows from them.

    Args:
        scene: The view.
        seeds: What the prompts say of it.
        before: The object's mask before the newest prompt, 0 to 1; None for a new object.
    """
    prior = None
    if before is not None and (before >= 0.5).any():
        prior = signed_distance(before >= 0.5, scene.lengths)
    if prior is None and not seeds.inside:
        nothing = np.zeros(scene.intensity.shape, dtype=np.float32)
        return Evidence(nothing, nothing, nothing + np.float32(NOTHING), None, nothing + 1)
    ratio = appearance(scene, seeds, prior)
    own = _start(ratio, seeds, prior)
    lead = _lead(scene, ratio, own, seeds.other)
    found = APPEARANCE * ratio + RACE * lead
    away = _distance(~own, scene.lengths)
    found -= FAR_RATE * np.maximum(away - FAR_FROM, 0.0)
    near = np.ones_like(found)
    if prior is not None:
        near = _nearness(scene, seeds, prior)
        kept = PREVIOUS * np.tanh(prior / 2) + EVIDENCE * found
        found = near * found + (1 - near) * kept
    found = smoothed(found.astype(np.float32), 0.8, scene.lengths)
    return Evidence(ratio, lead, obedient(found, seeds, prior), prior, near.astype(np.float32))


def signed_distance(mask: Bool[Array, "i j k"], lengths: Vector3) -> Float32[Array, "i j k"]:
    """Distance to the boundary, positive inside."""
    away = _distance(mask.astype(np.uint8) + 1, lengths)  # of either side from the other
    signed: Array = np.where(mask, away, -away)
    return signed


def _distance(
    sides: Bool[Array, "i j k"] | UInt8[Array, "i j k"], lengths: Vector3
) -> Float32[Array, "i j k"]:
    """How far each voxel that is not 0 is from the nearest other one; on the cores of torch."""
    found: Array = edt.edt(sides, anisotropy=lengths, parallel=torch.get_num_threads())
    return found


def appearance(
    scene: Scene, seeds: Seeds, prior: Float[Array, "i j k"] | None
) -> Float32[Array, "i j k"]:
    """The log ratio by what the prompts say; without a positive one, by the mask so far."""
    inside, outside = seeds.inside, seeds.outside
    if not inside:
        assert prior is not None
        flat = prior.ravel()
        inside = [thinned(np.flatnonzero(flat >= min(2.0, float(flat.max()))), 200)]
        around = thinned(np.flatnonzero((flat < -1.5) & (flat > -6.0)), 200)
        outside = [*outside, around]
    ratio = _ratio(scene, inside, outside, len(seeds.outside))
    for _ in range(2 if seeds.cores else 0):
        # a box says where, not what: keep of its middle what stands out from its surroundings
        alike = [core[ratio.ravel()[core] > 0] for core in seeds.cores]
        better = [thinned(core, 200) for core in alike if len(core) > 20]
        ratio = _ratio(scene, [*inside, *better], outside, len(seeds.outside))
    return ratio


def _ratio(
    scene: Scene, inside: list[Array], outside: list[Array], negatives: int
) -> Float32[Array, "i j k"]:
    known = np.concatenate([np.zeros(0, dtype=np.int64), *outside])
    samples = Samples(np.concatenate(inside), known, negatives)
    flat = log_ratio(scene.intensity.ravel(), scene.table, scene.drawn, samples)
    return flat.reshape(scene.intensity.shape)


def _start(
    ratio: Float[Array, "i j k"], seeds: Seeds, prior: Float[Array, "i j k"] | None
) -> Bool[Array, "i j k"]:
    """The voxels that the object's paths start from."""
    own = seeds.own
    for core in seeds.cores:
        likely = core[ratio.ravel()[core] >= np.quantile(ratio.ravel()[core], 0.7)]
        own.ravel()[likely[seeds.marks.ravel()[likely] == 0]] = True
    if not own.any() and prior is not None:
        own = (prior >= min(3.0, float(prior.max()))) & ~seeds.other
    return own


def _lead(
    scene: Scene,
    ratio: Float[Array, "i j k"],
    own: Bool[Array, "i j k"],
    other: Bool[Array, "i j k"],
) -> Float32[Array, "i j k"]:
    """From -1 to 1: how far ahead of the background's paths the object's arrive.

    Source: Bai and Sapiro, A geodesic framework for fast interactive image and video
    segmentation and matting, ICCV 2007.
    """
    likely = posterior(scene, ratio)
    rates = (LIKELIHOOD_RATE, INTENSITY_RATE)
    costs = edge_costs((likely, scene.intensity), rates, scene.lengths, LENGTH_RATE)
    ours = geodesic_distance(costs, np.where(own, 0.0, FAR).astype(np.float32))
    entry = np.where(scene.cut & ~own, BORDER_START * likely, FAR)
    theirs = geodesic_distance(costs, np.where(other, 0.0, entry).astype(np.float32))
    # beyond 50 nothing is told apart, and FAR would swamp float32
    lead = np.minimum(theirs, 50.0) - np.minimum(ours, 100.0)
    ahead: Array = np.tanh(lead / RACE_SCALE).astype(np.float32)
    return ahead


def posterior(scene: Scene, ratio: Float[Array, "i j k"]) -> Float32[Array, "i j k"]:
    """How likely each voxel is the object by its appearance alone, a little smoothed."""
    likely = 1 / (1 + np.exp(-ratio))
    return smoothed(likely.astype(np.float32), 0.7, scene.lengths)


def _nearness(scene: Scene, seeds: Seeds, prior: Float[Array, "i j k"]) -> Float[Array, "i j k"]:
    """From 1 at the newest prompt to 0 far from it; 0 without prompts."""
    if seeds.newest is None:
        return np.zeros(scene.intensity.shape, dtype=np.float32)
    at = tuple(seeds.newest.T)
    depth = float(np.abs(prior[at]).max())
    away = np.ones(scene.intensity.shape, dtype=np.bool_)
    away[at] = False
    reach = min(LOCAL, REACH_RATE * depth + REACH_LEAST)
    near: Array = np.exp(-((_distance(away, scene.lengths) / reach) ** 2))
    return near


def obedient(
    found: Float32[Array, "i j k"], seeds: Seeds, prior: Float[Array, "i j k"] | None
) -> Float32[Array, "i j k"]:
    """The score with the marks kept, and without parts that no positive prompt asked for."""
    found = np.where(seeds.marks == 1, np.maximum(found, 1.0), found)
    found = np.where(seeds.marks == -1, np.minimum(found, -1.0), found)
    held = seeds.own if prior is None else seeds.own | (prior > 0)
    for core in seeds.cores:
        held.ravel()[core] = True
    parts = cc3d.connected_components((found > 0).astype(np.uint8), connectivity=6)
    wanted = np.zeros(int(parts.max()) + 1, dtype=np.bool_)
    wanted[parts[held]] = True
    kept: Array = np.where(wanted[parts] | (found <= 0), found, np.float32(-0.5))
    return kept.astype(np.float32)
