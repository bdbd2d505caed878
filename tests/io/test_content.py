from pathlib import Path

import numpy as np
import pytest

from voxclick.errors import FileFormatError, GridError
from voxclick.io.content import (
    check_size,
    file_bytes,
    in_file_order,
    intensities,
    label_bytes,
    label_numbers,
    native,
    place,
)

PATH = Path("scan.nii")
CUBE = np.arange(24).reshape(2, 3, 4)


def test_a_header_that_promises_more_than_the_file_holds_is_refused() -> None:
    check_size(PATH, 100, 100, packed=False)
    with pytest.raises(FileFormatError, match=r"101 bytes.*scan\.nii.*100"):
        check_size(PATH, 101, 100, packed=False)


def test_compressed_bytes_may_be_a_thousand_times_more() -> None:
    check_size(PATH, 103_200, 100, packed=True)
    with pytest.raises(FileFormatError, match="compressed"):
        check_size(PATH, 103_201, 100, packed=True)


def test_an_affine_that_places_nothing_is_told_with_the_file() -> None:
    with pytest.raises(GridError, match=r"scan\.nii"):
        place(PATH, (2, 2, 2), np.diag([1.0, 0.0, 1.0, 1.0]))


@pytest.mark.parametrize("stored", [">i2", ">f4", "<u4", ">f8"])
def test_arrays_come_in_the_byte_order_of_the_machine(stored: str) -> None:
    array = native(CUBE.astype(stored))
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, CUBE)


def test_a_read_only_array_is_not_turned_in_place() -> None:
    array = CUBE.astype(">i4")
    array.setflags(write=False)
    np.testing.assert_array_equal(native(array), CUBE)
    np.testing.assert_array_equal(array, CUBE)


def test_long_doubles_and_bools_become_types_that_everybody_reads() -> None:
    assert native(CUBE.astype(np.longdouble)).dtype == np.float64
    assert native(CUBE > 3).dtype == np.uint8


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_becomes_the_lowest_intensity(
    odd: float, caplog: pytest.LogCaptureFixture
) -> None:
    array = CUBE.astype(np.float32) - 5
    array[1, 1, 1] = odd
    read = intensities(array, PATH)
    assert read[1, 1, 1] == -5
    assert "scan.nii holds 1 NaN" in caplog.text


def test_an_image_without_a_finite_voxel_is_refused() -> None:
    with pytest.raises(FileFormatError, match="all 24 voxels"):
        intensities(np.full((2, 3, 4), np.nan), PATH)


def test_finite_intensities_are_not_copied() -> None:
    array = CUBE.astype(np.float32)
    assert intensities(array, PATH) is array


def test_whole_floats_are_labels() -> None:
    labels = label_numbers(CUBE.astype(np.float64), PATH)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, CUBE)


@pytest.mark.parametrize("odd", [0.5, np.nan, np.inf, 1e30])
def test_fractions_and_no_numbers_are_no_labels(odd: float) -> None:
    array = CUBE.astype(np.float64)
    array[0, 0, 0] = odd
    with pytest.raises(FileFormatError, match="whole numbers"):
        label_numbers(array, PATH)


@pytest.mark.parametrize("kind", ["int16", "float32"])
def test_numbers_below_0_are_no_labels(kind: str) -> None:
    with pytest.raises(FileFormatError, match=r"from 0 up, got -3"):
        label_numbers((CUBE - 3).astype(kind), PATH)


@pytest.mark.parametrize("order", ["C", "F"])
def test_file_order_has_i_fastest(order: str) -> None:
    array = np.random.default_rng(2).integers(0, 9, (130, 5, 70)).astype(np.int16, order=order)
    turned = in_file_order(array)
    assert turned.flags.f_contiguous
    np.testing.assert_array_equal(turned, array)
    assert b"".join(file_bytes(array)) == array.astype("<i2").tobytes(order="F")


def test_labels_are_written_as_the_smallest_type() -> None:
    assert label_bytes(CUBE).dtype == np.uint8
    assert label_bytes(CUBE + 300).dtype == np.uint16
