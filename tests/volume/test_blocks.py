"""Masks and label maps in blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxclick.geometry import Box
from voxclick.types import Array
from voxclick.volume import Blocks
from voxclick.volume.blocks import SIDE, blank

SHAPE = (SIDE + 9, 2 * SIDE, SIDE - 5)


def scene(dtype: str) -> Array:
    array = np.zeros(SHAPE, dtype=dtype)
    array[3:70, 10:100, 5:50] = 1
    if dtype != "bool":
        array[40:73, 60:90, 20:] = 5
        array[70, 100, 3] = 200
    return array


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "uint64"])
def test_blocks_give_back_what_was_put_in(dtype: str) -> None:
    array = scene(dtype)
    blocks = Blocks.of(array)
    assert blocks.dtype == array.dtype
    assert np.array_equal(np.asarray(blocks), array)
    assert np.array_equal(blocks[5:72, 60:66, 3:40], array[5:72, 60:66, 3:40])
    assert blocks.values() == {int(n) for n in np.unique(array)} - {0}
    assert blocks.count() == np.count_nonzero(array)
    assert blocks.bounds() == Box.of_mask(array != 0)
    assert (blocks.min(), blocks.max()) == (array.min(), array.max())
    assert np.array_equal(np.asarray(blocks.nonzero()), array != 0)
    assert np.array_equal(np.asarray(blocks.where(1)), array == 1)


def test_a_part_is_written_and_flipped_in_place() -> None:
    array, blocks = scene("bool"), Blocks.of(scene("bool"))
    part = np.s_[60:73, 50:80, 10:59]
    ones = np.ones((13, 30, 49), dtype=np.bool_)
    array[part] ^= ones
    blocks[part] ^= ones
    assert np.array_equal(np.asarray(blocks), array)


def test_a_copy_stays_as_it_was() -> None:
    blocks = Blocks.of(scene("bool"))
    copied = blocks.copy()
    blocks[:, :, :] = False
    assert not blocks.any()
    assert copied.count() == np.count_nonzero(scene("bool"))


def test_an_object_takes_less_than_a_bit_a_voxel_of_the_volume() -> None:
    blocks = Blocks((10_000, 10_000, 10_000))
    blocks[5000:5040, 5000:5040, 5000:5040] = True
    assert blocks.count() == 40**3
    assert blocks.bounds() == Box((5000, 5000, 5000), (5040, 5040, 5040))
    assert blocks.occupied(Box.whole(blocks.shape)).voxels <= 8 * SIDE**3


def test_voxels_are_found_by_index_arrays() -> None:
    array = scene("uint16")
    i, j, k = np.random.default_rng(0).integers(0, [[n] for n in SHAPE], (3, 500))
    assert np.array_equal(Blocks.of(array)[i, j, k], array[i, j, k])


def test_small_volumes_are_one_array() -> None:
    assert isinstance(blank((512, 512, 1024)), np.ndarray)
    assert isinstance(blank((1536, 1536, 1365)), Blocks)


@given(st.data())
def test_slices_numbers_and_steps_are_those_of_an_array(data: st.DataObject) -> None:
    array = scene("uint8")
    key = []
    for size in SHAPE:
        first = data.draw(st.integers(-size, size - 1))
        last = data.draw(st.integers(-size, size) | st.none())
        step = data.draw(st.integers(1, 7) | st.none())
        key.append(data.draw(st.sampled_from([slice(first, last, step), first])))
    found = Blocks.of(array)[tuple(key)]
    assert np.array_equal(found, array[tuple(key)])
