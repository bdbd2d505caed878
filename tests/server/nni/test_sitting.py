import numpy as np
import pytest
from phantoms import bright_ball
from region_growing import RegionGrowing

from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.session import Session
from voxclick.errors import PromptError
from voxclick.geometry import Grid
from voxclick.prompts import Point, Scribble
from voxclick.server.nni import sitting
from voxclick.server.nni.sitting import Sitting

CENTRE = (32, 32, 32)


@pytest.fixture(scope="module")
def large():
    """A ball wider than a fine view, so that its first answer is coarse."""
    return bright_ball(Grid((64, 64, 64), np.eye(4)), CENTRE, 24.0, noise=1.0)[0]


def begun(volume, hurry):
    found = Sitting(RegionGrowing, EmbeddingCache(), lambda: hurry)
    found.set_image(volume.array[None], (1.0, 1.0, 1.0))
    found.set_target(volume.grid.shape, np.dtype(np.uint8))
    return found


def shown(answer, shape):
    mask = np.zeros(shape, dtype=np.bool_)
    mask[answer.box.slices] = answer.values
    return mask


@pytest.mark.parametrize(("hurry", "refinements"), [(False, None), (True, 0)])
def test_finer_looks_are_left_out_while_others_wait(large, hurry, refinements):
    session = Session(large, RegionGrowing())
    session.add(Point(CENTRE), refinements=refinements)
    answer = begun(large, hurry).add(Point(CENTRE), predict=True)
    np.testing.assert_array_equal(shown(answer, large.grid.shape), session.mask().array)


def test_an_answer_without_finer_looks_is_taken_back_whole(large):
    hurried = begun(large, True)
    given = hurried.add(Point(CENTRE), predict=True)
    taken = hurried.undo()
    assert taken.box == given.box
    assert not taken.values.any()


def test_an_object_takes_no_more_than_its_share_of_memory(large, monkeypatch):
    monkeypatch.setattr(sitting, "MOST_PROMPTS", 3)
    monkeypatch.setattr(sitting, "MOST_DRAWN", 10)
    full = begun(large, False)
    with pytest.raises(PromptError, match="at most"):
        full.add(Scribble(np.argwhere(np.ones((11, 1, 1)))), predict=False)
    for i in range(3):
        full.add(Point((i, 0, 0)), predict=False)
    with pytest.raises(PromptError, match="at most"):
        full.add(Point((9, 0, 0)), predict=False)
    full.reset()
    full.add(Point((9, 0, 0)), predict=False)
