import pytest
import torch
from published_sam2 import TINY_SIZES, narrow

from voxclick.models.base import Memories
from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.frames import frame

CLICK = (torch.tensor([[25.0, 30.0]]), torch.tensor([1], dtype=torch.int32))


@pytest.fixture(scope="module")
def features(network, slices):
    with torch.no_grad():
        return [network.embed_slice(frame(one, 64)) for one in slices[:3]]


def known(network, features):
    answer = network.prompt(features[0], *CLICK)
    return Memories(1, 1, 3, {0: network.remember(features[0], answer)}, {})


def test_features_hold_what_is_needed_and_no_more(network, features):
    kept = features[0]
    assert kept.coarse.shape == (64, 4, 4)
    assert kept.middle.shape == (16, 8, 8)
    assert kept.fine.shape == (8, 16, 16)
    assert kept.to(torch.bfloat16).nbytes * 2 == kept.nbytes == 4 * (64 * 16 + 16 * 64 + 8 * 256)


def test_a_memory_is_small(network, features):
    answer = network.prompt(features[0], *CLICK)
    memory = network.remember(features[0], answer)
    assert memory.nbytes == 2 * 16 * 64 + 4 * 64


def test_earlier_logits_change_what_a_click_gives(network, features):
    alone = network.prompt(features[0], *CLICK)
    after = network.prompt(features[0], *CLICK, torch.full((16, 16), 40.0))
    clamped = network.prompt(features[0], *CLICK, torch.full((16, 16), 32.0))
    assert not torch.allclose(alone.logits, after.logits)
    assert torch.equal(after.logits, clamped.logits)


def test_a_given_mask_is_its_own_answer(network, features):
    mask = torch.zeros(64, 64)
    mask[16:40, 8:48] = 1
    answer = network.draw(features[0], mask)
    assert torch.equal(answer.logits > 0, mask[::4, ::4] > 0)
    assert answer.presence == 10


def test_an_empty_mask_says_that_the_object_is_not_here(network, features):
    answer = network.draw(features[0], torch.zeros(64, 64))
    assert answer.presence == -10
    assert (answer.logits < 0).all()
    assert torch.equal(answer.token, network.no_object_pointer[0])


def test_an_absent_object_leaves_an_empty_slice(slices):
    tensors = narrow()
    tensors["sam_mask_decoder.pred_obj_score_head.layers.2.bias"] -= 100
    absent = from_published(tensors, 64, TINY_SIZES)
    with torch.no_grad():
        seen = absent.embed_slice(frame(slices[0], 64))
        answer = absent.prompt(seen, *CLICK)
    assert (answer.logits == -1024).all()
    assert torch.equal(answer.token, absent.no_object_pointer[0])


def test_a_slice_visited_from_nowhere_is_answered_alone(network, features):
    nothing = Memories(1, 1, 3, {}, {})
    alone = network.prompt(features[1], *CLICK)
    assert torch.equal(network.prompt(features[1], *CLICK, None, nothing).logits, alone.logits)


def test_answers_are_pure(network, features):
    memories = known(network, features)
    first = network.track(features[1], memories)
    network.track(features[2], memories)
    assert torch.equal(network.track(features[1], memories).logits, first.logits)


def test_gradients_reach_the_decoder_and_the_memory_through_a_clip(slices):
    trained = from_published(narrow(), 64, TINY_SIZES).train()
    seen = [trained.embed_slice(frame(one, 64)) for one in slices[:2]]
    answer = trained.track(seen[1], known(trained, seen))
    answer.logits.square().mean().backward()
    for part in (trained.mask_decoder, trained.memory_encoder, trained.memory_attention):
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
