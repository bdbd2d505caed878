import numpy as np
import pytest
import torch

from voxclick.errors import OptionError, PromptError
from voxclick.models.sam2_slices.clip import Clip
from voxclick.models.sam2_slices.propagate import ABSENT, propagate

CLICK = {"points": [[24.0, 18.0]], "labels": [1]}
BOX = {"box": [10.0, 8.0, 36.0, 30.0]}
GO = ("propagate",)


def test_a_prompt_on_the_first_slice_reaches_every_other(either, slices):
    found = propagate(either, slices, [("click", 0, CLICK), GO])
    assert found.shape == (10, 16, 16)
    assert (found != ABSENT).flatten(1).any(dim=1).all()


def test_a_prompt_on_the_second_slice_reaches_the_first(either, slices):
    found = propagate(either, slices, [("click", 1, CLICK), GO])
    assert (found[0] != ABSENT).any()


def test_a_prompt_on_the_last_slice_reaches_every_other(either, slices):
    found = propagate(either, slices, [("click", 9, BOX), GO], order="independent")
    assert (found != ABSENT).flatten(1).any(dim=1).all()


def test_without_propagation_only_the_prompted_slice_is_answered(either, slices):
    found = propagate(either, slices, [("click", 3, BOX)])
    assert (found != ABSENT).flatten(1).any(dim=1).nonzero().flatten().tolist() == [3]


def test_mirrored_slices_give_mirrored_results_where_passes_are_independent(either, slices):
    steps, mirrored = [("click", 4, CLICK), GO], [("click", 5, CLICK), GO]
    found = propagate(either, slices, steps, order="independent")
    turned = propagate(either, slices.flip(0), mirrored, order="independent")
    assert torch.allclose(found, turned.flip(0), atol=1e-5)


def test_the_published_order_lets_the_way_down_know_of_the_way_up(either, slices):
    steps = [("click", 4, CLICK), GO]
    independent = propagate(either, slices, steps, order="independent")
    published = propagate(either, slices, steps)
    assert torch.equal(independent[4:], published[4:])
    assert not torch.equal(independent[:4], published[:4])


def test_objects_on_one_clip_do_not_change_each_other(either, slices):
    shared = Clip(either, slices)
    one, two = [("click", 4, CLICK), GO], [("click", 7, BOX), GO]
    propagate(either, shared, one)
    assert torch.equal(propagate(either, shared, two), propagate(either, slices, two))
    assert torch.equal(propagate(either, shared, one), propagate(either, slices, one))
    assert shared.encoded == len(slices)


def test_a_correction_stays_when_propagation_runs_again(either, slices):
    masks = torch.zeros(10, 40, 50, dtype=torch.bool)
    masks[6, 10:20, 10:20] = True
    steps = [("click", 4, CLICK), GO, ("mask", 6, {}), GO, GO]
    found = propagate(either, slices, steps, masks)
    without = propagate(either, slices, steps[:2])
    shown = torch.nn.functional.interpolate(
        masks[6][None, None].float(), size=(16, 16), mode="area"
    )
    assert ((found[6] > 0) == (shown[0, 0] > 0.5)).float().mean() > 0.97
    assert not torch.equal(found[8], without[8])


def test_slices_given_as_arrays_are_the_same(either, slices):
    steps = [("click", 4, {"points": np.array([[24.0, 18.0]]), "labels": np.array([1])}), GO]
    given = propagate(either, slices.numpy(), steps)
    assert torch.equal(given, propagate(either, slices, [("click", 4, CLICK), GO]))


def test_a_small_budget_encodes_again_and_gives_the_same(either, slices):
    steps = [("click", 4, CLICK), GO]
    tight = Clip(either, slices, budget_bytes=1)
    found = propagate(either, tight, steps)
    assert tight.nbytes <= either.embed_slice(torch.zeros(3, 64, 64)).nbytes
    assert torch.equal(found, propagate(either, slices, steps))


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([GO], "needs a prompt"),
        ([("click", 10, CLICK)], "slices 0 to 9, got 10"),
        ([("click", 0, {"points": [[1.0, 2.0]]})], "1 points and 0 labels"),
        ([("click", 0, {})], "0 points and 0 labels"),
    ],
)
def test_bad_prompts_are_told(either, slices, steps, told):
    with pytest.raises(PromptError, match=told):
        propagate(either, slices, steps)


def test_unknown_steps_and_orders_are_told(either, slices):
    with pytest.raises(OptionError, match="got 'mask'"):
        propagate(either, slices, [("mask", 0, {})])
    with pytest.raises(OptionError, match="got 'drag'"):
        propagate(either, slices, [("drag", 0, {})])
