"""Attention inside cubes of 8^3 tokens, with positions and shifts folded into queries and keys.

Relative positions and the mask of shifted windows add to the scores. Both are written as further
dimensions of queries and keys, so that `scaled_dot_product_attention` never holds a score tensor.
"""

from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.sam_adapter3d.sizes import TOKENS

WINDOW = 8
"""Tokens along each axis of a window."""

SHIFT = WINDOW // 2
"""By how many tokens every other block shifts its windows."""

SHUT = 100.0
"""What the published mask takes off a score between tokens that only wrapping brought together."""


class WindowAttention(nn.Module):
    """SAM's attention with decomposed relative positions along three axes.

    Args:
        embed: Channels of a token.
        heads: Attention heads.
        rows: Rows of the tables of positions, resized to those that a window needs.
    """

    def __init__(self, embed: int, heads: int, rows: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(embed, 3 * embed)
        self.proj = nn.Linear(embed, embed)
        self.rel_pos_h = nn.Parameter(torch.zeros(rows, embed // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(rows, embed // heads))
        self.rel_pos_d = nn.Parameter(torch.zeros(rows, embed // heads))
        self.lr = nn.Parameter(torch.ones(()))

    def forward(
        self, windows: Float[Tensor, "windows t c"], shifted: bool
    ) -> Float[Tensor, "windows t c"]:
        """Attend within each window of `WINDOW^3` tokens.

        Args:
            windows: Tokens, the last axis of the window fastest; windows of one crop in order.
            shifted: Whether the windows were shifted, and hold tokens that are no neighbours.
        """
        count, length, width = windows.shape
        split = self.qkv(windows).reshape(count, length, 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # windows heads t c
        narrow = value.shape[-1]
        queries = [query * narrow**-0.5, *self._positions(query)]
        keys = [key, _places(key)]
        if shifted:
            region = _regions(key, count)
            queries.append(SHUT * region)
            keys.append(region - 1)
        query, key = torch.cat(queries, dim=-1), torch.cat(keys, dim=-1)
        value = functional.pad(value, (0, query.shape[-1] - narrow))  # kernels want equal widths
        found = functional.scaled_dot_product_attention(query, key, value, scale=1.0)
        together = found[..., :narrow].transpose(1, 2).reshape(count, length, width)
        mixed: Tensor = self.proj(together)
        return mixed

    @torch.no_grad()
    def start_depth(self) -> None:
        """Let the depth's table of positions start as the mean of those of height and width."""
        self.rel_pos_d.copy_(0.5 * (self.rel_pos_h + self.rel_pos_w))

    def _positions(self, query: Float[Tensor, "windows heads t c"]) -> list[Tensor]:
        """What each query adds to the score of each place along each axis."""
        grid = query.reshape(*query.shape[:2], WINDOW, WINDOW, WINDOW, -1)
        tables = (self.rel_pos_h, self.rel_pos_w, self.rel_pos_d)
        found = []
        for axis, table in zip("uvw", tables, strict=True):
            rows = relative_rows(table)
            added = torch.einsum(f"nmuvwc,{axis}kc->nmuvwk", grid, rows.to(grid.dtype))
            found.append((self.lr.to(added.dtype) * added).flatten(2, 4))
        return found


def relative_rows(table: Float[Tensor, "rows c"]) -> Float[Tensor, "q k c"]:
    """The row of a table, resized to a window, for each query and key along one axis."""
    span = 2 * WINDOW - 1
    if len(table) != span:
        table = functional.interpolate(table.T[None], size=span, mode="linear")[0].T
    place = torch.arange(WINDOW, device=table.device)
    return table[place[:, None] - place[None, :] + WINDOW - 1]


def partition(tokens: Float[Tensor, "b u v t c"]) -> Float[Tensor, "windows n c"]:
    """Tokens of a crop as windows of `WINDOW^3`."""
    b, u, v, t, c = tokens.shape
    cut = tokens.reshape(b, u // WINDOW, WINDOW, v // WINDOW, WINDOW, t // WINDOW, WINDOW, c)
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, WINDOW**3, c)


def together(windows: Float[Tensor, "windows n c"], crops: int) -> Float[Tensor, "b u v t c"]:
    """The inverse of `partition`.

    Args:
        windows: Of all crops, in order.
        crops: How many crops they make up.
    """
    along = TOKENS // WINDOW
    cut = windows.reshape(crops, along, along, along, WINDOW, WINDOW, WINDOW, -1)
    return cut.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(crops, TOKENS, TOKENS, TOKENS, -1)


@cache
def token_regions() -> Int[Tensor, "windows n"]:
    """Which of eight regions each token of each shifted window belongs to.

    Only tokens of one region were neighbours before the crop was rolled: along an axis, the rear
    half of the last window came round from the front.
    """
    came_round = torch.arange(TOKENS) >= TOKENS - SHIFT
    bits = [came_round.long() << axis for axis in range(3)]
    region = bits[0][:, None, None] + bits[1][:, None] + bits[2]
    return partition(region[None, ..., None].double())[..., 0].long()


def shift_mask() -> Float[Tensor, "windows n m"]:
    """The mask of shifted windows as the published checkpoints hold it: 0 or -100."""
    region = token_regions()
    return torch.where(region[:, :, None] == region[:, None], 0.0, -SHUT)


def _places(like: Float[Tensor, "windows heads t c"]) -> Float[Tensor, "windows heads t k"]:
    """Which place each key has along each axis of its window, one of `WINDOW` set for each."""
    eye = torch.eye(WINDOW, device=like.device, dtype=like.dtype)
    shape = (WINDOW, WINDOW, WINDOW, WINDOW)
    axes = [eye[:, None, None], eye[:, None], eye]
    places = torch.cat([axis.expand(shape) for axis in axes], dim=-1).flatten(0, 2)
    return places.expand(*like.shape[:3], -1)


def _regions(like: Float[Tensor, "windows heads t c"], count: int) -> Float[Tensor, "n m t 8"]:
    """Which region each token is of, one of eight set."""
    region = token_regions().to(like.device)
    chosen = functional.one_hot(region, 8).to(like.dtype).repeat(count // len(region), 1, 1)
    return chosen[:, None].expand(-1, like.shape[1], -1, -1)
