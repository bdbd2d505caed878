"""How well corrections work that 3DSAM-adapter's network does not know, on real volumes.

`python -m benchmarks.adapter_corrections DATA`: a model that is told positive clicks alone, and
forgets, stands for the published weights (the built-in one, given no negative click and no mask).
Its answers are corrected by three rules, with clicks in the middle of the largest error:

* obeyed: the answer anew at each click, and the marked voxels;
* ball: each negative click also takes a ball of 5 voxels out;
* ours: `voxclick.models.sam_adapter3d.correction`.
"""

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path

import edt
import numpy as np
import torch

import voxclick as vc
from voxclick.models.base import Embedding, Segmenter
from voxclick.models.sam_adapter3d.correction import Ground, settled
from voxclick.preprocess import View
from voxclick.preprocess.view import window
from voxclick.types import Array

SIDE = 64
BALL = 5
CLICKS = 8
TOLD = (1, 2, 3, 5, 8)
FEWEST = 300
"""Voxels of the smallest object, on the grid of the view."""


def scenes(data: Path, most: int) -> Iterator[tuple[str, View, Array]]:
    """Views of 64^3 voxels around objects, with their masks."""
    for image in sorted(data.glob("*/image.nii.gz")) + sorted(data.glob("*/*/image.nii.gz")):
        volume = vc.read(image)
        labels = vc.read(image.with_name("label.nii.gz")).array
        for label in np.unique(labels)[1:][:most]:
            places = np.argwhere(labels == label)
            low, high = places.min(axis=0), places.max(axis=0)
            extent = ((high - low + 1) * volume.grid.spacing_mm).max()
            step = max(1.0, 1.4 * float(extent) / SIDE)
            i, j, k = (low + high) / 2
            grid = window(volume.grid, (step,) * 3, (SIDE,) * 3, (float(i), float(j), float(k)))
            view = View.of(volume, grid)
            cpu = torch.device("cpu")
            truth = view.read((labels == label).astype(np.float32), cpu).numpy() >= 0.5
            if truth.sum() >= FEWEST:
                yield f"{image.parent.parent.name}/{image.parent.name}/{label}", view, truth


def corrected(
    model: Segmenter, embedding: Embedding, ground: Ground, truth: Array, rule: str
) -> list[float]:
    """Dice after each click."""
    mask = np.zeros_like(truth)
    clicks: list[vc.Point] = []
    found = []
    for _ in range(CLICKS):
        click = worst(mask, truth)
        if click is None:
            found.append(1.0)
            continue
        clicks.append(click)
        positive = [one for one in clicks if one.positive]
        answer = model.decode(embedding, positive, None).numpy()
        if rule == "ours":
            mask = settled(answer, ground, clicks, mask if len(clicks) > 1 else None) > 0
        else:
            mask = obeyed(answer > 0, clicks, BALL if rule == "ball" else 0)
        found.append(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))
    return found


def worst(mask: Array, truth: Array) -> vc.Point | None:
    """A click in the middle of the largest error."""
    wrong = mask != truth
    if not wrong.any():
        return None
    depth = edt.edt(wrong, black_border=True)
    i, j, k = np.unravel_index(int(depth.argmax()), depth.shape)
    return vc.Point((float(i), float(j), float(k)), bool(truth[i, j, k]))


def obeyed(mask: Array, clicks: list[vc.Point], ball: int) -> Array:
    """A mask with what clicks mark."""
    mask = mask.copy()
    axes = np.ogrid[:SIDE, :SIDE, :SIDE]
    for click in clicks:
        away = sum((axis - at) ** 2 for axis, at in zip(axes, click.at, strict=True))
        mask[away <= (0 if click.positive else ball**2)] = click.positive
    return mask


def main() -> None:
    """Print the mean Dice after each number of clicks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--most", type=int, default=3, help="objects of a case")
    asked = parser.parse_args()
    model = vc.load("builtin", "cpu")
    found: dict[str, list[list[float]]] = {"obeyed": [], "ball": [], "ours": []}
    for name, view, truth in scenes(asked.data, asked.most):
        embedding, ground = model.embed(view), Ground.of(view.image.numpy())
        for rule, rows in found.items():
            rows.append(corrected(model, embedding, ground, truth, rule))
        told = "  ".join(f"{rule} {rows[-1][-1]:.3f}" for rule, rows in found.items())
        print(f"{name:40} {found['ours'][-1][0]:.3f} then {told}", flush=True)
    for rule, rows in found.items():
        means = [statistics.mean(row[count - 1] for row in rows) for count in TOLD]
        print(f"{rule:8}", *(f"{mean:.3f}" for mean in means))
    print("clicks  ", *TOLD, f"({len(found['ours'])} objects)")


if __name__ == "__main__":
    main()
