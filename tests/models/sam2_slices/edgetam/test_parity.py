"""The same numbers as the library's own EdgeTAM in its own session."""

import pytest
from edgetam_reference import followed, reference

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
