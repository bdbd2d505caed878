"""Clicks as maps aligned with the image: the prompt half of PSAP.

Every click is a Gaussian of 2 voxels, cut at 8. Two rules say how several make one map. The
`published` rule is what the authors' weights learnt: each click is written over whatever the 17
voxels around it held, in click order, and then a map is scaled to [0, 1] over the whole batch. So a
second click within 8 voxels of a first one wipes out its peak. The `maximum` rule keeps every click
and scales each sample by itself.
"""

import math
from functools import lru_cache

import torch
from jaxtyping import Float, Real
from torch import Tensor

from voxclick.models.ct_sam3d.sizes import PATCH, PromptRule
from voxclick.types import Index3

SIGMA = 2
REACH = 8

POSITIVE, NOTHING = 1, -1
"""Labels: a click of any other label is negative."""


def click_maps(
    points: Real[Tensor, "b n 3"],
    labels: Real[Tensor, "b n"],
    shape: Index3 = (PATCH, PATCH, PATCH),
    rule: PromptRule = "published",
) -> Float[Tensor, "b 2 d h w"]:
    """One map of the positive clicks and one of the negative ones, for each sample.

    A click outside the patch gives the part of its Gaussian that reaches into it, which scaling
    raises to 1 where it stands alone; further out it gives nothing.

    Args:
        points: Voxel indices `x, y, z`, that is in the order `w, h, d`; fractions are cut off.
        labels: 1 for positive clicks, 0 for negative ones, -1 for none.
        shape: Of the maps.
        rule: How clicks meet.
    """
    maps = torch.zeros(len(points), 2, *shape, dtype=torch.float32)
    kernel = _gaussian()
    for sample, signs in enumerate(labels.tolist()):
        for (x, y, z), sign in zip(points[sample].long().tolist(), signs, strict=True):
            if sign != NOTHING:
                _draw(maps[sample, 0 if sign == POSITIVE else 1], kernel, (z, y, x), rule)
    return _scaled(maps, (0, 2, 3, 4) if rule == "published" else (2, 3, 4)).to(points.device)


def _draw(into: Tensor, kernel: Tensor, centre: Index3, rule: PromptRule) -> None:
    low = [max(0, place - REACH) for place in centre]
    high = [min(size, place + REACH + 1) for place, size in zip(centre, into.shape, strict=True)]
    if any(start >= stop for start, stop in zip(low, high, strict=True)):
        return
    drawn = into[tuple(map(slice, low, high))]
    seen = kernel[
        tuple(
            slice(start - place + REACH, stop - place + REACH)
            for start, stop, place in zip(low, high, centre, strict=True)
        )
    ]
    drawn.copy_(seen if rule == "published" else torch.maximum(drawn, seen))


def _scaled(maps: Tensor, over: tuple[int, ...]) -> Tensor:
    low, high = maps.amin(dim=over, keepdim=True), maps.amax(dim=over, keepdim=True)
    return torch.where(high > 0, (maps - low) / (high - low).clamp(min=1e-30), maps)


@lru_cache(maxsize=1)
def _gaussian() -> Tensor:
    """The Gaussian of one click, 17 voxels wide, without what float32 cannot tell from 0."""
    away = torch.arange(-REACH, REACH + 1, dtype=torch.float64) ** 2
    squared = away[:, None, None] + away[None, :, None] + away[None, None, :]
    kernel = torch.exp(-squared / (2 * SIGMA**2)).float()
    kernel[squared > -2 * SIGMA**2 * math.log(torch.finfo(torch.float32).eps)] = 0
    return kernel
