"""The segmenter: appearance learnt at each prompt, and a geodesic race between the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cc3d
import edt
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from voxclick.models.base import Embedding, Segmenter, Spec
from voxclick.models.geodesic.appearance import Samples, log_ratio
from voxclick.models.geodesic.features import features, normalised, smoothed
from voxclick.models.geodesic.seeds import Seeds, gather
from voxclick.models.geodesic.sweep import edge_costs, geodesic_distance, _sweep
from voxclick.preprocess import View
from voxclick.prompts import Prompt
from voxclick.types import Array, Vector3

@dataclass(frozen=True)
class Tuning:
    appearance: float = 1.0
    race: float = 2.0
    race_scale: float = 2.0
    far: float = 0.05
    far_from: float = 8.0
    p_rate: float = 6.0
    x_rate: float = 15.0
    length_rate: float = 0.06
    local: float = 20.0
    previous_scale: float = 3.0
    evidence: float = 0.5
    border: str = "cut"
    keep: bool = True
    border_k: float = 0.0
    cap: float = 50.0
    prev_samples: int = 0
    smooth: float = 0.8
    mixture: bool = False
    hist_w: float = 0.5
    floor: float = 0.0
    pfloor: float = 0.0
    mono: int = 0
    band: float = 4.0


@dataclass(frozen=True, eq=False)
class SeenView(Embedding):
    """What is computed of a view once.

    Attributes:
        intensity: Normalised and smoothed.
        table: Features, a row a voxel.
        drawn: Flat indices of voxels drawn from the whole view.
        lengths: Length of a step along each axis; 1 for the finest.
        cut: Voxels on faces where the volume goes on beyond the view.
    """

    intensity: Float[Array, "i j k"]
    table: Float[Array, "n f"]
    drawn: Int[Array, " d"]
    lengths: Vector3
    cut: Bool[Array, "i j k"]

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.intensity.nbytes + self.table.nbytes + self.drawn.nbytes + self.cut.nbytes


class GeodesicSegmenter(Segmenter):
    spec: ClassVar[Spec] = Spec(
        name="geodesic",
        prompts=frozenset({"point", "box", "scribble", "lasso", "mask"}),
    )

    def __init__(self, device: torch.device, tuning: Tuning = Tuning()) -> None:
        self.device = device
        self.tuning = tuning

    def embed(self, view: View) -> SeenView:  # noqa: D102
        spacing = np.array(view.grid.spacing_mm)
        i, j, k = (spacing / spacing.min()).tolist()
        lengths = (i, j, k)
        image = view.image.detach().to("cpu", torch.float32).numpy()
        intensity = smoothed(normalised(image), 0.6, lengths)
        generator = np.random.default_rng(0)
        drawn = np.sort(generator.choice(intensity.size, min(1500, intensity.size), replace=False))
        cut = np.zeros(image.shape, dtype=np.bool_)
        for axis in range(3):
            lane = np.moveaxis(cut, axis, 0)
            if self.tuning.border == "all" or view.box.start[axis] > 0:
                lane[0] = True
            if self.tuning.border == "all" or view.box.stop[axis] < view.native.shape[axis]:
                lane[-1] = True
        if self.tuning.border == "none":
            cut[:] = False
        return SeenView(intensity, features(intensity, lengths), drawn, lengths, cut)

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        assert isinstance(embedding, SeenView)
        before = None if previous is None else previous.detach().cpu().numpy().astype(np.float32)
        score = _score(embedding, gather(prompts, embedding.intensity, embedding.lengths), before, self.tuning)
        return torch.from_numpy(np.ascontiguousarray(score, dtype=np.float32)).to(self.device)


def _score(seen: SeenView, seeds: Seeds, before: Array | None, t: Tuning) -> Array:
    shape = seen.intensity.shape
    prior = None
    if before is not None and (before >= 0.5).any():
        prior = _signed_distance(before, seen.lengths)
    inside, outside = list(seeds.inside), list(seeds.outside)
    if not inside and prior is None:
        return np.full(shape, -4.0, np.float32)
    if not inside:
        assert prior is not None
        depth = prior.max()
        inner = np.flatnonzero(prior.ravel() >= min(2.0, depth))
        rng = np.random.default_rng(0)
        inside.append(rng.choice(inner, min(200, len(inner)), replace=False))
        outer = np.flatnonzero((prior.ravel() < -1.5) & (prior.ravel() > -6))
        if len(outer):
            outside.append(rng.choice(outer, min(200, len(outer)), replace=False))
    elif t.prev_samples and prior is not None:
        rng = np.random.default_rng(0)
        inner = np.flatnonzero(prior.ravel() >= min(2.0, prior.max()))
        inside.append(rng.choice(inner, min(t.prev_samples, len(inner)), replace=False))
        outer = np.flatnonzero((prior.ravel() < -2) & (prior.ravel() > -10))
        if len(outer) and outside:
            outside.append(rng.choice(outer, min(t.prev_samples, len(outer)), replace=False))
    u = _appearance(seen, inside, outside, len(seeds.outside), t)
    if seeds.cores:
        for _ in range(2):
            better = list(seeds.inside)
            for place, core in enumerate(seeds.cores):
                flat = np.flatnonzero(core)
                good = flat[u.ravel()[flat] > 0]
                if len(good) > 20:
                    better.append(np.random.default_rng(0).choice(good, min(200, len(good)), replace=False))
            u = _appearance(seen, better, outside, len(seeds.outside), t)
    p = smoothed((1 / (1 + np.exp(-u))).astype(np.float32), 0.7, seen.lengths)
    costs = np.empty((3, *shape), np.float32)
    for axis in range(3):
        costs[axis] = t.length_rate * seen.lengths[axis]
        if shape[axis] > 1:
            ahead = [slice(None)] * 3
            ahead[axis] = slice(0, shape[axis] - 1)
            dx = np.abs(np.diff(seen.intensity, axis=axis))
            dp = np.abs(np.diff(p, axis=axis))
            costs[axis][tuple(ahead)] += t.x_rate * np.maximum(dx - t.floor * np.median(dx), 0) + t.p_rate * np.maximum(dp - t.pfloor, 0)
    own = (seeds.marks == 1) | ((seeds.hints == 1) & (seeds.marks == 0))
    other = (seeds.marks == -1) | ((seeds.hints == -1) & (seeds.marks == 0))
    for core in seeds.cores:
        limit = np.quantile(u[core], 0.7)
        own |= core & (u >= limit) & (seeds.marks == 0)
    if not own.any():
        assert prior is not None
        own = (prior >= min(3.0, prior.max())) & ~other
        far_out = prior <= -4
        other = other | far_out
    if not t.border_k:
        other = other | (seen.cut & ~own)
    d_own = geodesic_distance(costs, own)
    d_other = geodesic_distance(costs, other)
    if t.border_k and seen.cut.any():
        start = np.where(seen.cut & ~own, t.border_k * p, 1e9).astype(np.float32)
        _sweep(start, costs, 4, 0.01)
        d_other = np.minimum(d_other, start)
    race = np.tanh((np.minimum(d_other, t.cap) - np.minimum(d_own, 100)) / t.race_scale)
    away = edt.edt(~own, anisotropy=seen.lengths) if t.far else 0.0
    score = t.appearance * u + t.race * race - t.far * np.maximum(away - t.far_from, 0)
    if prior is not None:
        keep = t.previous_scale * np.tanh(prior / 2)
        if seeds.newest is None:
            near = 0.0
        else:
            mask = np.zeros(shape, bool)
            mask[tuple(seeds.newest.T)] = True
            d = edt.edt(~mask, anisotropy=seen.lengths)
            near = np.exp(-((d / t.local) ** 2))
        score = near * score + (1 - near) * (keep + t.evidence * score)
    score = smoothed(score.astype(np.float32), t.smooth, seen.lengths)
    if t.mono and prior is not None and seeds.newest is not None:
        at = tuple(seeds.newest.T)
        sign = seeds.marks[at].sum()
        was = prior > 0
        if sign > 0 and not was[at].all():
            flips = (score > 0) & ~was
            flips[at] = True
            if t.mono == 2:
                flips = _touching(flips, at)
            score = np.where(was, np.maximum(score, 0.5), np.where(flips, np.maximum(score, .1), np.minimum(score, -0.5)))
        elif sign < 0 and was[at].any():
            flips = (score <= 0) & was
            flips[at] = True
            if t.mono == 2:
                flips = _touching(flips, at)
            score = np.where(~was, np.minimum(score, -0.5), np.where(flips, np.minimum(score, -.1), np.maximum(score, 0.5)))
        elif t.band:
            score = np.where(np.abs(prior) > t.band, np.where(was, np.maximum(score, .5), np.minimum(score, -.5)), score)
    return _settled(score, seeds, prior, t)


def _touching(flips, at):
    parts = cc3d.connected_components(flips.astype(np.uint8), connectivity=6)
    return np.isin(parts, np.setdiff1d(parts[at], [0]))


def _appearance(seen, inside, outside, negatives, t):
    if t.mixture:
        from voxclick.models.geodesic.appearance import _histogram_ratio, _mixture_ratio
        samples = Samples(np.concatenate(inside), np.concatenate(outside) if outside else np.zeros(0, np.int64), negatives)
        h = _histogram_ratio(seen.intensity.ravel(), seen.drawn, samples)
        m = _mixture_ratio(seen.table, seen.drawn, inside, outside)
        return (t.hist_w * h + (1 - t.hist_w) * m).reshape(seen.intensity.shape)
    samples = Samples(np.concatenate(inside), np.concatenate(outside) if outside else np.zeros(0, np.int64), negatives)
    return log_ratio(seen.intensity.ravel(), seen.table, seen.drawn, samples).reshape(seen.intensity.shape)


def _signed_distance(before, lengths):
    mask = before >= 0.5
    return edt.edt(mask, anisotropy=lengths) - edt.edt(~mask, anisotropy=lengths)


def _settled(score, seeds, prior, t):
    score = np.where(seeds.marks == 1, np.maximum(score, 1.0), score)
    score = np.where(seeds.marks == -1, np.minimum(score, -1.0), score)
    if t.keep:
        held = seeds.marks == 1
        if prior is not None:
            held = held | (prior > 0)
        if held.any():
            parts = cc3d.connected_components((score > 0).astype(np.uint8), connectivity=6)
            good = np.zeros(parts.max() + 1, bool)
            good[np.unique(parts[held])] = True
            good[0] = True
            score = np.where(good[parts], score, -0.5)
    return score
