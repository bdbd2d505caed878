import pytest
import torch
from published_edgetam import narrow

from voxclick.models.base import Memories
from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.frames import frame

CLICK = (torch.tensor([[25.0, 30.0]]), torch.tensor([1], dtype=torch.int32))
TOKENS = 3 + 4
"""Of a memory: those of the whole slice, and a grid of two by two."""


@pytest.fixture(scope="module")
def features(edgetam, slices):
    with torch.no_grad():
        return [edgetam.embed_slice(frame(one, 64)) for one in slices[:3]]


def known(network, features):
    answer = network.prompt(features[0], *CLICK)
    return Memories(1, 1, 3, {0: network.remember(features[0], answer)}, {})


def test_features_are_as_those_of_sam2(features):
    kept = features[0]
    assert kept.coarse.shape == (128, 4, 4)
    assert kept.middle.shape == (32, 8, 8)
    assert kept.fine.shape == (16, 16, 16)


def test_a_memory_has_as_many_tokens_on_frames_of_any_size(slices):
    for size in (64, 128):
        network = from_published(narrow(), size)
        with torch.no_grad():
            seen = network.embed_slice(frame(slices[0], size))
            memory = network.remember(seen, network.prompt(seen, *CLICK))
        assert memory.features.shape == (TOKENS, 64)
        assert memory.nbytes == 2 * TOKENS * 64 + 4 * 128


def test_a_slice_knows_its_neighbour(edgetam, features):
    memories = known(edgetam, features)
    with torch.no_grad():
        alone = edgetam.track(features[1], Memories(1, 1, 3, {}, {}))
        tracked = edgetam.track(features[1], memories)
    assert not torch.allclose(alone.logits, tracked.logits)


def test_answers_are_pure(edgetam, features):
    memories = known(edgetam, features)
    first = edgetam.track(features[1], memories)
    edgetam.track(features[2], memories)
    assert torch.equal(edgetam.track(features[1], memories).logits, first.logits)


def test_gradients_reach_all_that_remembers(slices):
    trained = from_published(narrow(), 64).train()
    seen = [trained.embed_slice(frame(one, 64)) for one in slices[:2]]
    answer = trained.track(seen[1], known(trained, seen))
    answer.logits.square().mean().backward()
    for name in ("mask_decoder", "memory_encoder", "spatial_perceiver", "memory_attention"):
        part = getattr(trained, name)
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
