"""The same numbers as the authors' package, which the parity file holds."""

import pytest
import torch

from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.propagate import propagate

pytestmark = pytest.mark.data

CASES = ["point", "box", "mask", "two_clicks", "correct"]


@pytest.fixture(scope="module")
def theirs(published):
    return from_published(published["state_dict"], published["size"], published["config"])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_slice_is_as_the_authors_package_has_it(theirs, published, name):
    case = published["cases"][name]
    found = propagate(theirs, published["slices"], case["steps"], published["masks"])
    assert (found - case["low_res_logits"]).abs().max() < 1e-3
    assert torch.equal(found > 0, case["low_res_logits"] > 0)


def test_passes_that_know_nothing_of_each_other_agree_near_the_prompt(theirs, published):
    case = published["cases"]["point"]
    found = propagate(theirs, published["slices"], case["steps"], order="independent")
    assert (found[4:] - case["low_res_logits"][4:]).abs().max() < 1e-3
    assert (found[:4] - case["low_res_logits"][:4]).abs().max() > 1e-3
