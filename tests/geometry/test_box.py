import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxclick.geometry import Box

SIZE = 4
INDICES = np.stack(np.meshgrid(*[np.arange(-1, SIZE + 1)] * 3, indexing="ij"), axis=-1)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    start = draw(st.tuples(*[st.integers(0, SIZE - 1)] * 3))
    size = draw(st.tuples(*[st.integers(0, SIZE)] * 3))
    return Box(start, tuple(min(a + n, SIZE) for a, n in zip(start, size, strict=True)))


def held(box: Box) -> np.ndarray:
    """Which of the voxels -1 to 4 the box holds, the slow way."""
    inside = [box.contains(tuple(int(v) for v in voxel)) for voxel in INDICES.reshape(-1, 3)]
    return np.array(inside).reshape(INDICES.shape[:3])


@given(boxes(), boxes())
def test_an_intersection_holds_what_both_hold(a: Box, b: Box) -> None:
    assert np.array_equal(held(a.intersection(b)), held(a) & held(b))
    assert a.intersection(b) == b.intersection(a)


@settings(max_examples=30)
@given(boxes(), boxes())
def test_a_union_is_the_smallest_box_with_both(a: Box, b: Box) -> None:
    union = a.union(b)
    assert np.array_equal(held(union) & (held(a) | held(b)), held(a) | held(b))
    both = INDICES[held(a) | held(b)]
    assert np.array_equal(held(union), held(Box.around(both)))


@given(boxes())
def test_the_number_of_voxels_is_the_number_held(box: Box) -> None:
    assert box.voxels == held(box).sum() == np.prod(box.shape)
    assert box.empty == (not held(box).any())


@given(boxes())
def test_slices_cut_exactly_the_box_out_of_an_array(box: Box) -> None:
    array = np.zeros((SIZE, SIZE, SIZE), dtype=np.bool_)
    array[box.slices] = True
    assert array.sum() == box.voxels
    assert Box.of_mask(array) == (Box.EMPTY if box.empty else box)


@given(boxes(), st.integers(0, 3))
def test_padding_out_and_in_again_gives_the_same_box(box: Box, margin: int) -> None:
    assert box.padded(margin).padded(-margin) == box


@given(boxes(), st.tuples(*[st.integers(-9, 9)] * 3))
def test_shifting_there_and_back_gives_the_same_box(box: Box, by: tuple[int, int, int]) -> None:
    moved = box.shifted(by)
    assert moved.shape == box.shape
    assert moved.shifted((-by[0], -by[1], -by[2])) == box


def test_padding_takes_a_margin_per_axis() -> None:
    assert Box((2, 2, 2), (4, 4, 4)).padded((0, 1, 2)) == Box((2, 1, 0), (4, 5, 6))


def test_shrinking_beyond_the_middle_leaves_an_empty_box() -> None:
    assert Box((2, 2, 2), (4, 4, 4)).padded(-3).empty


def test_a_box_is_half_open() -> None:
    box = Box((1, 1, 1), (3, 3, 3))
    assert box.contains((1, 1, 1))
    assert not box.contains((3, 1, 1))


def test_a_box_that_stops_before_it_starts_is_empty() -> None:
    assert Box((5, 5, 5), (2, 8, 8)).empty


def test_around_no_voxels_is_empty() -> None:
    assert Box.around(np.zeros((0, 3), dtype=np.int64)) == Box.EMPTY
    assert Box.of_mask(np.zeros((3, 4, 5), dtype=np.bool_)) == Box.EMPTY


def test_around_holds_the_farthest_voxels() -> None:
    box = Box.around(np.array([[3, 1, 2], [-1, 5, 2]]))
    assert box == Box((-1, 1, 2), (4, 6, 3))


def test_boxes_that_touch_do_not_meet() -> None:
    assert Box((0, 0, 0), (2, 2, 2)).intersection(Box((2, 0, 0), (4, 2, 2))) == Box.EMPTY


def test_a_box_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Box.EMPTY.start = (1, 1, 1)  # type: ignore[misc]


def test_numpy_numbers_become_plain_ones() -> None:
    box = Box(tuple(np.array([1, 2, 3])), tuple(np.array([4, 5, 6])))
    assert all(type(v) is int for v in box.start + box.stop)
