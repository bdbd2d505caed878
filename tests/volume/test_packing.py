import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from voxclick.errors import InputError
from voxclick.volume.packing import decode_runs, encode_runs, pack_bits, unpack_bits

shapes = hnp.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=9)


@given(hnp.arrays(np.bool_, shapes), st.booleans())
def test_packed_bits_come_back_the_same(mask: np.ndarray, fortran: bool) -> None:
    given_mask = np.asfortranarray(mask) if fortran else mask
    bits = pack_bits(given_mask)
    assert len(bits) == -(-mask.size // 8)
    assert np.array_equal(unpack_bits(bits, mask.shape), mask)


@given(hnp.arrays(np.bool_, shapes), st.booleans())
def test_runs_of_a_mask_come_back_the_same(mask: np.ndarray, fortran: bool) -> None:
    given_mask = np.asfortranarray(mask) if fortran else mask
    values, lengths = encode_runs(given_mask)
    assert np.array_equal(decode_runs(values, lengths, mask.shape), mask)


@given(hnp.arrays(st.sampled_from([np.uint8, np.int32, np.uint16]), shapes))
def test_runs_of_labels_come_back_the_same_in_their_type(labels: np.ndarray) -> None:
    values, lengths = encode_runs(labels)
    decoded = decode_runs(values, lengths, labels.shape)
    assert np.array_equal(decoded, labels)
    assert decoded.dtype == labels.dtype


@given(hnp.arrays(np.bool_, shapes))
def test_neighbouring_runs_differ_and_none_is_empty(mask: np.ndarray) -> None:
    values, lengths = encode_runs(mask)
    assert (lengths > 0).all()
    assert (values[1:] != values[:-1]).all()


def test_bits_are_in_c_order_with_the_most_significant_first() -> None:
    mask = np.zeros((1, 2, 8), dtype=np.bool_)
    mask[0, 0, 0] = mask[0, 1, 7] = True
    assert pack_bits(mask) == bytes([0b10000000, 0b00000001])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_bytes_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"needs 2 bytes, got {count}"):
        unpack_bits(bytes(count), (3, 3, 1))


@pytest.mark.parametrize(
    "lengths",
    [
        [4, 4],
        [4, 6],
        [9],
        [3, 3, 3],
        [-1, 10],
        [],
        [2**62 + 9, 2**62, 2**62, 2**62],  # adds up to 9 in 64 bits
    ],
)
def test_runs_that_do_not_fill_the_shape_are_refused(lengths: list[int]) -> None:
    values = np.arange(4 if len(lengths) == 4 else 2)
    with pytest.raises(InputError, match="9 voxels"):
        decode_runs(values, np.array(lengths, dtype=np.int64), (3, 3, 1))
