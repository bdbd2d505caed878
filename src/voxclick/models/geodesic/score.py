"""The score of each voxel: how far what was prompted reaches, joined with the race."""

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

RACE_LIMIT = 3.0
"""The race counts for no more than the extent does."""

KEPT = 1.5
"""What the mask so far is worth against either of them."""

FEW = 4
"""With more prompts than this the race knows both sides, and the extent adds nothing to it."""


def score(
    scene: Scene, prompts: Sequence[Prompt], previous: Float[Tensor, "i j k"] | None
) -> Float32[Array, "i j k"]:
    """Above 0 where the object is.

    Args:
        scene: The view.
        prompts: In indices of the view, oldest first.
        previous: The object's mask before the newest prompt, 0 to 1; None for a new object.
    """
    before = None if previous is None else previous.detach().to("cpu").float().numpy()
    seeds = gather(prompts, scene.intensity, scene.lengths)
    new = before is None or not bool((before >= 0.5).any())
    framed = bool(seeds.cores) or bool(seeds.hints.any())
    if framed or not seeds.own.any() or (new and seeds.other.any()):
        return weigh(scene, seeds, before).score
    if new:
        ratio = appearance(scene, seeds, None)
        found = reach_score(scene, ratio, seeds, (0.0, np.inf))
        return obedient(smoothed(found, 0.8, scene.lengths), seeds, None)
    return _corrected(scene, seeds, weigh(scene, seeds, before))


def _corrected(scene: Scene, seeds: Seeds, evidence: Evidence) -> Float32[Array, "i j k"]:
    """The score after a prompt on a mask that was found before.

    A prompt in the object that the mask missed says that it was too small, one outside the object
    that it was too large: the extent is looked for among larger or smaller regions alone.
    """
    prior, newest = evidence.prior, seeds.newest
    assert prior is not None
    assert newest is not None
    at = tuple(newest.T)
    wanted = seeds.marks[at] == 1
    if len(seeds.readings) > FEW or ((prior[at] > 0) == wanted).all():
        return evidence.score
    voxels = float((prior > 0).sum())
    sizes = (voxels, np.inf) if wanted.any() else (0.0, voxels)
    found = reach_score(scene, evidence.ratio, seeds, sizes)
    found += np.clip(evidence.score, -RACE_LIMIT, RACE_LIMIT) + KEPT * np.tanh(prior / 2)
    return obedient(smoothed(found, 0.8, scene.lengths), seeds, prior)
