import pytest
import torch

from voxclick.models.sam2_slices.edgetam.attention import attend

WIDE, GRID, POINTERS = 3, 4, 2


@pytest.mark.parametrize("count", [1, 3])
def test_the_cheaper_order_gives_what_the_library_gives(edgetam, count):
    generator = torch.Generator().manual_seed(0)
    tokens, width = (edgetam.frame_size // 16) ** 2, edgetam.hidden_dim
    image = torch.randn(tokens, width, generator=generator)
    memory = torch.randn(count * (WIDE + GRID) + POINTERS, 64, generator=generator)
    where, there = torch.randn_like(image), torch.randn_like(memory)
    attention = edgetam.memory_attention
    with torch.no_grad():
        ours = attend(attention, image, where, memory, there, POINTERS, WIDE)
        theirs = attention(
            image[:, None], memory[:, None], where[:, None], there[:, None], POINTERS, count
        )
    assert torch.allclose(ours, theirs.reshape(ours.shape), atol=1e-5)


def test_tokens_of_the_whole_slice_lie_nowhere(edgetam):
    generator = torch.Generator().manual_seed(1)
    tokens, width = (edgetam.frame_size // 16) ** 2, edgetam.hidden_dim
    image = torch.randn(tokens, width, generator=generator)
    memory = torch.randn(WIDE + GRID, 64, generator=generator)
    where, there = torch.zeros_like(image), torch.zeros_like(memory)

    def seen(order):
        attention = edgetam.memory_attention
        return attend(attention, image, where, memory[order], there, 0, WIDE)

    with torch.no_grad():
        known = seen([0, 1, 2, 3, 4, 5, 6])
        assert torch.allclose(seen([2, 0, 1, 3, 4, 5, 6]), known, atol=1e-5)
        assert not torch.allclose(seen([0, 1, 2, 6, 5, 4, 3]), known, atol=1e-5)
