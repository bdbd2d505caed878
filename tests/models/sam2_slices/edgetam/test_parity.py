"""The same numbers as the library's own EdgeTAM in its own session."""

import pytest
from edgetam_reference import followed, reference
from published_edgetam import ENCODER, RELEASED, narrow
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.propagate import propagate

POINT = {"points": [[21.0, 18.0]], "labels": [1]}
CASES = {
    "point": [("click", 4, POINT), ("propagate",)],
    "box": [("click", 0, {"box": [12.0, 10.0, 30.0, 27.0]}), ("propagate",)],
    "box and clicks": [
        ("click", 9, {"box": [20.0, 8.0, 40.0, 27.0], "points": [[9.0, 9.0]], "labels": [0]}),
        ("propagate",),
    ],
    "mask": [("mask", 3, {}), ("propagate",)],
    "two slices": [("click", 2, POINT), ("mask", 7, {}), ("propagate",)],
}


@pytest.mark.parametrize("name", CASES)
def test_every_slice_is_as_the_library_has_it(edgetam, slices, name):
    masks = slices > 150
    theirs = followed(reference(edgetam), slices, CASES[name], masks)
    ours = propagate(edgetam, slices, CASES[name], masks)
    assert (ours - theirs).abs().max() < 1e-3
    assert 0.1 < (theirs > 0).float().mean() < 0.95


class TimmEncoder(nn.Module):
    """The encoder that the library's own EdgeTAM has."""

    def __init__(self, tensors):
        super().__init__()
        timm = pytest.importorskip("timm", reason="timm, which the library builds on, is missing")
        self.body = timm.create_model("repvit_m1", features_only=True).eval()
        root = f"{ENCODER}."
        own = {n.removeprefix(root): v for n, v in tensors.items() if n.startswith(root)}
        self.body.load_state_dict(own)

    def forward(self, pixel_values):
        return BaseModelOutput(last_hidden_state=self.body(pixel_values))


@pytest.mark.slow
@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize("name", ["box", "two slices"])
def test_at_the_published_sizes_timms_encoder_gives_the_same(slices, name, size):
    tensors = narrow(**RELEASED)
    theirs = reference(from_published(tensors, size), TimmEncoder(tensors))
    some, masks = slices[:8], slices[:8] > 150
    known = followed(theirs, some, CASES[name], masks)
    found = propagate(from_published(tensors, size), some, CASES[name], masks)
    assert (found - known).abs().max() < 1e-3


@pytest.mark.slow
def test_at_the_published_sizes_every_slice_is_as_the_library_has_it(slices):
    network = from_published(narrow(**RELEASED), 256)
    theirs = followed(reference(network), slices[:4], CASES["box"])
    assert (propagate(network, slices[:4], CASES["box"]) - theirs).abs().max() < 1e-3
