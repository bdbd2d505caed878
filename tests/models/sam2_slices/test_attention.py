import torch

from voxclick.models.sam2_slices.attention import attend


def drawn(network, count, generator):
    width = network.hidden_dim
    tokens = (network.frame_size // 16) ** 2
    image = torch.randn(tokens, width, generator=generator)
    memory = torch.randn(count * tokens + 3, 64, generator=generator)
    return image, torch.randn_like(image), memory, torch.randn_like(memory)


def test_the_cheaper_order_gives_what_the_library_gives(network):
    image, where, memory, there = drawn(network, 3, torch.Generator().manual_seed(0))
    ours = attend(network.memory_attention, image, where, memory, there, 3)
    theirs = network.memory_attention(
        image[:, None], memory[:, None], where[:, None], there[:, None], 3
    )
    assert torch.allclose(ours, theirs.reshape(ours.shape), atol=1e-5)


def test_the_order_of_memories_does_not_matter(network):
    image, where, memory, there = drawn(network, 2, torch.Generator().manual_seed(1))
    tokens = len(image)
    turned = torch.cat([torch.arange(tokens, 2 * tokens), torch.arange(tokens)])
    turned = torch.cat([turned, torch.arange(2 * tokens, len(memory))])
    one = attend(network.memory_attention, image, where, memory, there, 3)
    other = attend(network.memory_attention, image, where, memory[turned], there[turned], 3)
    assert torch.allclose(one, other, atol=1e-5)
