"""Samples drawn ahead."""

import pytest

from voxclick.errors import InputError
from voxclick.train.builtin.recipe import BuiltinRecipe
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.feed import Feed

TINY = BuiltinSettings(steps=3, scenes=2, targets=1, patch=(24,), real=0.0, accumulate=2)


class Named(BuiltinRecipe):
    """Draws what it was asked for instead of a scene."""

    def draw(self, step, rank, number):
        if step == 2:
            raise InputError("no such volume")
        return step, rank, number


def test_each_accumulated_batch_has_samples_of_its_own():
    feed = Feed(Named(TINY, None, 1), rank=1)
    assert feed.take(0) == [[(0, 1, 0), (0, 1, 1)], [(0, 1, 2), (0, 1, 3)]]
    assert feed.take(1) == [[(1, 1, 0), (1, 1, 1)], [(1, 1, 2), (1, 1, 3)]]


def test_an_error_of_the_step_ahead_is_raised_when_the_step_comes():
    feed = Feed(Named(TINY, None, 1), rank=0)
    feed.take(1)
    with pytest.raises(InputError, match="no such volume"):
        feed.take(2)
