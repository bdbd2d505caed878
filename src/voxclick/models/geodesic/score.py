"""The score of each voxel: the extent of what was prompted, joined with the race."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32
from torch import Tensor

from voxclick.models.evidence.features import smoothed
from voxclick.models.evidence.race import Evidence, appearance, obedient, weigh
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import Seeds, gather
from voxclick.models.geodesic.extent import reach_score
from voxclick.prompts import Prompt
from voxclick.types import Array

EXTENT = 1.0
RACE = 1.0
KEPT = 1.5
MANY = 4


def score(
    scene: Scene, prompts: Sequence[Prompt], previous: Float[Tensor, "i j k"] | None
) -> Float32[Array, "i j k"]:
    """Above 0 where the object is; arguments as of `Segmenter.decode`."""
    before = None if previous is None else previous.detach().to("cpu").float().numpy()
    seeds = gather(prompts, scene.intensity, scene.lengths)
    found = before is not None and bool((before >= 0.5).any())
    if seeds.cores or not seeds.own.any() or (not found and seeds.other.any()):
        return weigh(scene, seeds, before).score
    if not found:
        ratio = appearance(scene, seeds, None)
        sizes = (0.0, np.inf)
        return obedient(
            smoothed(reach_score(scene, ratio, seeds, sizes), 0.8, scene.lengths), seeds, None
        )
    evidence = weigh(scene, seeds, before)
    return _joined(scene, seeds, evidence)


def _joined(scene: Scene, seeds: Seeds, evidence: Evidence) -> Float32[Array, "i j k"]:
    prior = evidence.prior
    assert prior is not None
    newest = seeds.newest
    assert newest is not None
    at = tuple(newest.T)
    inside = prior[at] > 0
    positive = seeds.marks[at] == 1
    if (inside == positive).all() or len(seeds.readings) > MANY:
        return evidence.score
    voxels = float((prior > 0).sum())
    sizes = (voxels, np.inf) if positive.any() else (0.0, voxels)
    reach = reach_score(scene, evidence.ratio, seeds, sizes)
    found = EXTENT * reach + RACE * np.clip(evidence.score, -3, 3) + KEPT * np.tanh(prior / 2)
    return obedient(smoothed(found.astype(np.float32), 0.8, scene.lengths), seeds, prior)
