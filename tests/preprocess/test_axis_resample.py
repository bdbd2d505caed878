import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from voxclick.preprocess.axis_resample import contract, read_box, reading_matrix

CPU = torch.device("cpu")


@given(st.floats(0.1, 9), st.floats(0, 1))
def test_a_ramp_is_read_as_the_same_ramp_at_any_step(step: float, offset: float) -> None:
    reach = max(step, 1.0)
    positions = reach + offset + step * np.arange(int((60 - 2 * reach - 1) / step))
    matrix = reading_matrix(positions, step, 0, 60)
    assert np.allclose(matrix @ np.arange(60, dtype=np.float64), positions, atol=1e-4)


@given(st.floats(0.05, 20), st.floats(-30, 80))
def test_weights_of_a_position_add_up_to_one(step: float, first: float) -> None:
    matrix = reading_matrix(first + step * np.arange(10), step, 3, 23)
    assert np.allclose(matrix.sum(axis=1), 1, atol=1e-6)


@given(st.floats(0.05, 20), st.floats(-30, 80))
def test_no_weight_is_clearly_negative(step: float, first: float) -> None:
    matrix = reading_matrix(first + step * np.arange(10), step, 3, 23)
    assert matrix.min() > -0.05


def test_whole_positions_at_native_step_read_one_sample_each() -> None:
    matrix = reading_matrix(np.arange(2.0, 7.0), 1.0, 0, 10)
    assert np.array_equal(matrix, np.eye(10)[2:7])


def test_a_position_between_samples_is_linear() -> None:
    matrix = reading_matrix(np.array([3.25]), 0.5, 0, 10)
    assert matrix[0].tolist() == [0, 0, 0, 0.75, 0.25, 0, 0, 0, 0, 0]


def test_positions_beyond_the_samples_read_the_last_one() -> None:
    matrix = reading_matrix(np.array([-9.0, 14.0]), 1.0, 0, 10)
    assert matrix[0, 0] == matrix[1, 9] == 1


@pytest.mark.parametrize("step", [2, 3, 4, 5, 8])
def test_the_finest_stripes_read_as_their_mean_where_the_view_is_coarser(step: int) -> None:
    positions = np.arange(2.0 * step, 60 - 2 * step, step) + 0.5 * (step - 1)
    stripes = np.arange(60) % 2
    read = reading_matrix(positions, float(step), 0, 60) @ stripes
    assert np.allclose(read, 0.5, atol=0.06 if step % 2 else 1e-6)


def test_a_single_sample_is_read_everywhere() -> None:
    matrix = reading_matrix(np.array([-3.0, 0.0, 0.4, 7.0]), 2.5, 0, 1)
    assert np.array_equal(matrix, np.ones((4, 1)))


def matrices(sizes: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i, j, k = (reading_matrix(np.linspace(0, n - 1, 5), n / 5, 0, n) for n in sizes)
    return i, j, k


def read(array: np.ndarray, chunk_bytes: int = 1 << 26) -> torch.Tensor:
    slices = (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))
    return read_box(array, slices, matrices(array.shape), CPU, chunk_bytes)


NOISE = np.random.default_rng(0).integers(0, 200, (23, 17, 12))


@pytest.mark.parametrize("chunk_bytes", [1, 4 * 17 * 12, 10 * 4 * 17 * 12, 1 << 30])
def test_chunks_of_any_size_read_the_same(chunk_bytes: int) -> None:
    assert torch.allclose(read(NOISE, chunk_bytes), read(NOISE), rtol=1e-6)


def test_reading_is_the_product_with_one_matrix_an_axis() -> None:
    i, j, k = matrices(NOISE.shape)
    expected = np.einsum("ai,bj,ck,ijk->abc", i, j, k, NOISE.astype(np.float64))
    assert np.allclose(read(NOISE).numpy(), expected, rtol=1e-5)
    tensors = [torch.from_numpy(m) for m in (i, j, k)]
    contracted = contract(torch.from_numpy(NOISE.astype(np.float32)), *tensors)
    assert np.allclose(contracted.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "<u4", "f2", ">f4", "f8", ">f8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_type_and_order_in_memory_reads_alike(dtype: str, order: str) -> None:
    array = np.asarray(NOISE > 90 if dtype == "?" else NOISE, dtype=dtype, order=order)
    kept = array.copy()
    assert torch.allclose(read(array), read(array.astype(np.int64)), rtol=1e-6)
    assert np.array_equal(array, kept)


def test_an_array_with_gaps_or_backwards_reads_alike() -> None:
    spread = np.zeros((46, 17, 24), dtype=np.int16)
    spread[::2, :, ::2] = NOISE
    assert torch.allclose(read(spread[::2, :, ::2]), read(NOISE))
    assert torch.allclose(read(NOISE[::-1]), read(NOISE[::-1].copy()))


def test_an_array_that_cannot_be_written_is_read_without_a_warning() -> None:
    array = NOISE.astype(np.float32)
    array.setflags(write=False)
    assert torch.allclose(read(array), read(NOISE))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_voxel_that_is_no_number_reads_as_zero_and_spoils_no_other(
    bad: float, dtype: type
) -> None:
    array, mended = NOISE.astype(dtype), NOISE.copy()
    array[3, 4, 5], mended[3, 4, 5] = bad, 0
    assert torch.allclose(read(array), read(mended))
    assert not np.isfinite(array[3, 4, 5])


def test_numbers_beyond_float32_read_as_zero() -> None:
    array, mended = NOISE.astype(np.float64), NOISE.copy()
    array[3, 4, 5], mended[3, 4, 5] = 1e300, 0
    assert torch.allclose(read(array), read(mended))
