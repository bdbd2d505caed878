"""Scores that are never held give what scores and masks that are held give."""

import pytest
import torch

from voxclick.models.sam_adapter3d.attention import (
    SHIFT,
    WINDOW,
    WindowAttention,
    partition,
    relative_rows,
    shift_mask,
    together,
)
from voxclick.models.sam_adapter3d.sizes import TOKENS

WINDOWS = (TOKENS // WINDOW) ** 3


def attention(rows=27):
    torch.manual_seed(2)
    found = WindowAttention(8, 2, rows).requires_grad_(False)
    for weight in found.parameters():
        weight.copy_(torch.randn_like(weight) / 2)
    return found


def held(module, windows, masks):
    """Attention with its scores, positions and masks written out."""
    count, length, _ = windows.shape
    query, key, value = (
        part.reshape(count, length, 2, 4).transpose(1, 2)
        for part in module.qkv(windows).chunk(3, dim=-1)
    )
    scores = 4**-0.5 * query @ key.transpose(-2, -1)
    place = torch.arange(WINDOW**3)
    strides = (WINDOW * WINDOW, WINDOW, 1)
    for stride, table in zip(
        strides, (module.rel_pos_h, module.rel_pos_w, module.rel_pos_d), strict=True
    ):
        along = place // stride % WINDOW
        rows = relative_rows(table)[along[:, None], along]  # q k c
        scores += module.lr * torch.einsum("nmqc,qkc->nmqk", query, rows)
    scores += masks[:, None]
    return module.proj((scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2))


@pytest.mark.parametrize("rows", [27, 127])
@pytest.mark.parametrize("shifted", [False, True])
def test_folded_attention_gives_what_held_scores_give(rows, shifted):
    module = attention(rows)
    windows = torch.randn(WINDOWS, WINDOW**3, 8)
    seen = [0, 3, 21, 60, 63]
    masks = shift_mask() if shifted else torch.zeros(WINDOWS, WINDOW**3, WINDOW**3)
    expected = held(module, windows[seen], masks[seen])
    torch.testing.assert_close(module(windows, shifted)[seen], expected, rtol=1e-4, atol=1e-5)


def test_windows_are_cubes_in_order_and_come_together_again():
    tokens = torch.arange(2.0 * TOKENS**3).reshape(2, TOKENS, TOKENS, TOKENS, 1)
    windows = partition(tokens)
    assert windows.shape == (2 * WINDOWS, WINDOW**3, 1)
    torch.testing.assert_close(
        windows[1].reshape(WINDOW, WINDOW, WINDOW), tokens[0, :8, :8, 8:16, 0]
    )
    assert torch.equal(together(windows, 2), tokens)


def test_the_mask_shuts_off_what_was_rolled_in_from_the_other_side():
    mask = shift_mask()
    assert mask.shape == (WINDOWS, WINDOW**3, WINDOW**3)
    assert not mask[0].any()
    last = mask[-1].reshape(*[WINDOW] * 6)
    assert last[0, 0, 0, SHIFT, 0, 0] == -100
    assert last[0, 0, SHIFT, 0, 0, SHIFT - 1] == -100
    assert last[0, 0, SHIFT, 3, 3, WINDOW - 1] == 0


def test_tables_of_positions_are_resized_to_a_window():
    table = torch.linspace(0, 1, 127)[:, None].expand(-1, 3)
    rows = relative_rows(table)
    assert rows.shape == (WINDOW, WINDOW, 3)
    assert rows[7, 0, 0] == pytest.approx(1, abs=0.05)
    assert rows[0, 0, 0] == pytest.approx(0.5, abs=1e-6)
