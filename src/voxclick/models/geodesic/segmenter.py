"""The geodesic segmenter: learnt likelihoods, competing distances, no weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cc3d
import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.geodesic.appearance import discriminant_ratio, histogram_ratio
from voxclick.models.geodesic.evidence import Evidence, gather
from voxclick.models.geodesic.features import features, scaled
from voxclick.models.geodesic.sweep import geodesic
from voxclick.preprocess import View
from voxclick.prompts import Prompt
from voxclick.types import Array, Vector3

EDGE_WEIGHTS: Vector3 = (6.0, 15.0, 0.06)
"""Cost of a step per change in posterior, per change in intensity, per length."""

APPEARANCE = 1.0
COMPETITION = 2.0
FREE_REACH = 8.0
FAR_PENALTY = 0.05
CORRECTION_REACH = 20.0
SETTLED = 8.0


@dataclass(frozen=True, eq=False)
class GeodesicEmbedding(Embedding):
    """Intensities and features of a view.

    Attributes:
        image: From 0 to 1, slightly smoothed.
        features: Standardised, one row a voxel.
        lengths: Spacing along each axis in units of the finest.
        open_faces: Per axis, whether the volume goes on beyond the first and the last slice.
    """

    image: Float[Array, "i j k"]
    features: Float[Array, "n c"]
    lengths: Vector3
    open_faces: tuple[tuple[bool, bool], tuple[bool, bool], tuple[bool, bool]]

    @property
    def nbytes(self) -> int:
        """Memory it holds."""
        return int(self.image.nbytes + self.features.nbytes)


class GeodesicSegmenter(Segmenter):
    """Geodesic competition of foreground and background seeds over learnt likelihoods.

    After Bai and Sapiro (ICCV 2007) with the sweeps of Criminisi et al. (ECCV 2008): what the
    object looks like is learnt around each prompt, by histogram and by a quadratic discriminant
    over nine features; then each voxel goes to the seeds that reach it more cheaply.

    Args:
        device: Where logits are returned; the work itself is done on the CPU.
    """

    spec: ClassVar[Spec] = Spec(
        name="geodesic",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
        patch=(64, 64, 64),
    )

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def embed(self, view: View) -> GeodesicEmbedding:  # noqa: D102  (as in Segmenter)
        spacing = view.grid.spacing_mm
        finest = min(spacing)
        lengths = (spacing[0] / finest, spacing[1] / finest, spacing[2] / finest)
        image = scaled(view.image.cpu().numpy())
        soft = gaussian_filter(image, [0.6 / n for n in lengths], mode="nearest")
        described = features(soft, lengths)
        box, shape = view.box, view.native.shape
        faces = [(box.start[a] > 0, box.stop[a] < shape[a]) for a in range(3)]
        return GeodesicEmbedding(
            soft,
            described.reshape(-1, described.shape[-1]),
            lengths,
            (faces[0], faces[1], faces[2]),
        )

    def decode(  # noqa: D102
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, GeodesicEmbedding)
        before = None if previous is None else previous.cpu().numpy()
        evidence = gather(prompts, embedding.image, embedding.lengths)
        if before is not None:
            _recall(evidence, before, bool(prompts))
        if not evidence.inside.any():
            return torch.full(embedding.image.shape, -SETTLED, device=self.device)
        score = _score(embedding, evidence)
        if before is not None and prompts:
            weight = _nearness(embedding, prompts[-1])
            score = weight * score + (1 - weight) * (6 * before - 3)
        mask_out = evidence.forbidden | evidence.outside
        score = np.where(mask_out, -SETTLED, np.where(evidence.inside, SETTLED, score))
        score = np.where(_connected(score > 0, evidence.inside), score, np.minimum(score, -0.5))
        return torch.from_numpy(score.astype(np.float32)).to(self.device)


def _recall(evidence: Evidence, before: Float[Array, "i j k"], prompted: bool) -> None:
    """Without prompts in the view, the mask so far tells what is surely inside and outside."""
    if prompted and evidence.inside.any():
        return
    blurred = gaussian_filter(before, 1.5, mode="nearest")
    inside, outside = blurred > 0.9, blurred < 0.1
    if not inside.any():
        inside = before >= 0.5
    inside &= ~evidence.outside
    evidence.inside |= inside
    evidence.outside |= outside & ~evidence.inside
    for mask, samples in (
        (inside, evidence.inside_samples),
        (outside, evidence.outside_samples),
    ):
        flat = np.flatnonzero(mask)
        samples.append(flat[:: max(1, len(flat) // 600)])


def _score(embedding: GeodesicEmbedding, evidence: Evidence) -> Float[Array, "i j k"]:
    image, lengths = embedding.image, embedding.lengths
    none = np.zeros(0, dtype=np.int64)
    inside = np.concatenate([none, *evidence.inside_samples])
    outside = np.concatenate([none, *evidence.outside_samples])
    if len(inside) == 0:
        inside = np.flatnonzero(evidence.inside)
    ratio = 0.5 * (
        histogram_ratio(image.reshape(-1), inside, outside)
        + discriminant_ratio(embedding.features, inside, outside)
    ).reshape(image.shape)
    posterior = 1 / (1 + np.exp(-ratio))
    posterior = gaussian_filter(posterior, [0.7 / n for n in lengths], mode="nearest")
    border = _open_border(embedding) & ~evidence.inside
    to_inside = geodesic(_starts(evidence.inside), image, posterior, EDGE_WEIGHTS, lengths)
    to_outside = geodesic(
        _starts(evidence.outside | border), image, posterior, EDGE_WEIGHTS, lengths
    )
    competition = np.tanh(np.clip(to_outside - to_inside, -50, 50) / 2)
    away = geodesic(_starts(evidence.inside), image, posterior, (0.0, 0.0, 1.0), lengths)
    score = (
        APPEARANCE * ratio
        + COMPETITION * competition
        - FAR_PENALTY * np.maximum(away - FREE_REACH, 0)
    )
    smooth: Array = gaussian_filter(score, [0.8 / n for n in lengths], mode="nearest")
    return smooth


def _starts(seeds: Bool[Array, "i j k"]) -> Float[Array, "i j k"]:
    return np.where(seeds, np.float32(0), np.float32(np.inf))


def _open_border(embedding: GeodesicEmbedding) -> Bool[Array, "i j k"]:
    """The faces of the view beyond which the volume goes on."""
    border = np.zeros(embedding.image.shape, dtype=np.bool_)
    for axis, (first, last) in enumerate(embedding.open_faces):
        planes = np.moveaxis(border, axis, 0)
        planes[0] |= first
        planes[-1] |= last
    return border


def _nearness(embedding: GeodesicEmbedding, prompt: Prompt) -> Float[Array, "i j k"]:
    """How much the newest prompt may change at each voxel: 1 at it, falling off around."""
    seeds = np.zeros(embedding.image.shape, dtype=np.bool_)
    voxels = prompt.voxels()
    voxels = voxels[np.all((voxels >= 0) & (voxels < np.array(seeds.shape)), axis=1)]
    seeds[tuple(voxels.T)] = True
    image = embedding.image
    away = geodesic(_starts(seeds), image, image, (0.0, 0.0, 1.0), embedding.lengths)
    nearness: Array = np.exp(-((np.minimum(away, 1e6) / CORRECTION_REACH) ** 2))
    return nearness


def _connected(mask: Bool[Array, "i j k"], seeds: Bool[Array, "i j k"]) -> Bool[Array, "i j k"]:
    """The parts of the mask that hold a seed."""
    parts = cc3d.connected_components(mask.astype(np.uint8), connectivity=26)
    held = np.unique(parts[seeds & mask])
    kept: Array = np.isin(parts, held[held > 0])
    return kept
