"""Simulated users by name, with options."""

import pytest

from voxclick.errors import OptionError, UnknownNameError
from voxclick.simulate.clicks import RandomClick
from voxclick.simulate.kinds import make_user
from voxclick.simulate.slices import SliceMaskUser


def test_options_are_spelt_behind_the_name() -> None:
    assert make_user("random:alpha=1,wrong_sign=0.25") == RandomClick(alpha=1.0, wrong_sign=0.25)
    assert make_user("slice_mask:at=largest,slices=3") == SliceMaskUser(2, "largest", 3)
    assert make_user("random") == make_user("random:")


@pytest.mark.parametrize(
    ("spelt", "error", "told"),
    [
        ("nobody:alpha=1", UnknownNameError, "nobody"),
        ("random:beta=1", OptionError, "alpha=8.0"),
        ("random:alpha", OptionError, "alpha"),
        ("slice_mask:slices=1.5", OptionError, "int"),
        ("center:alpha=1", OptionError, "no options"),
    ],
)
def test_a_wrong_spelling_is_an_error_that_says_what_there_is(spelt, error, told) -> None:
    with pytest.raises(error, match=told):
        make_user(spelt)
