import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_fill_holes

from voxclick.errors import PromptError
from voxclick.server.nni import drawing

START = (5, 40, 7)


def on_slice(plane, axis):
    return np.expand_dims(plane, axis)


@given(
    arrays(bool, st.tuples(st.integers(2, 12), st.integers(2, 12))).filter(np.any),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
)
def test_a_lasso_encloses_the_drawn_voxels_and_what_they_enclose(plane, axis, positive):
    drawn = on_slice(plane, axis)
    lasso = drawing.lasso(drawn, START, positive)
    expected = np.argwhere(on_slice(binary_fill_holes(plane), axis)) + START
    assert sorted(map(tuple, lasso.enclosed())) == sorted(map(tuple, expected))
    assert lasso.positive is positive


def test_a_lasso_of_a_rectangle_has_four_corners():
    lasso = drawing.lasso(np.ones((6, 4, 1), bool), (0, 0, 9), True)
    assert lasso.vertices.shape == (4, 3)
    assert lasso.slice_index == 9


def test_a_lasso_drawn_by_hand_is_quick_and_small():
    rows, columns = np.ogrid[:512, :512]
    disc = (rows - 256) ** 2 + (columns - 250) ** 2 < 200**2
    lasso = drawing.lasso(on_slice(disc, 2), (0, 0, 3), True)
    assert len(lasso.vertices) < 2000
    assert len(lasso.enclosed()) == disc.sum()


def test_a_lasso_of_more_corners_than_a_hand_draws_is_refused():
    stripes = np.indices((400, 400))[0] % 2 == 0
    with pytest.raises(PromptError, match="voxel edges"):
        drawing.lasso(on_slice(stripes, 0), START, True)


def test_a_lasso_on_several_slices_is_refused():
    with pytest.raises(PromptError, match="2 x 3 x 4 voxels"):
        drawing.lasso(np.ones((2, 3, 4), bool), START, True)


def test_a_scribble_holds_the_drawn_voxels():
    drawn = np.zeros((3, 4, 5), bool)
    drawn[1, 2, 3] = drawn[0, 0, 0] = True
    scribble = drawing.scribble(drawn, START, False)
    assert sorted(map(tuple, scribble.voxels())) == [(5, 40, 7), (6, 42, 10)]
    assert not scribble.positive


def test_a_scribble_of_a_whole_volume_is_refused_before_it_is_listed():
    with pytest.raises(PromptError, match="initial segmentation"):
        drawing.scribble(np.ones((128, 128, 128), bool), START, True)
