import numpy as np
import pytest
from sheared import ALL_GRIDS

from voxclick.errors import GridMismatchError, InputError
from voxclick.geometry import Grid
from voxclick.volume import Mask


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
def test_the_volume_of_a_mask_is_that_of_its_parallelepiped(on: Grid) -> None:
    array = np.zeros(on.shape, dtype=np.bool_)
    array[5:15, 5:15, 5:15] = True
    spanned_mm3 = abs(np.linalg.det(on.affine[:3, :3] * 10))
    assert Mask(array, on).volume_ml == pytest.approx(spanned_mm3 / 1000)


def test_an_empty_mask_has_no_volume() -> None:
    mask = Mask(np.zeros((40, 36, 32), dtype=np.bool_), ALL_GRIDS["straight"])
    assert mask.voxels == 0
    assert mask.volume_ml == 0.0


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_zeros_and_ones_of_any_type_become_bool(dtype: type) -> None:
    array = np.zeros((40, 36, 32), dtype=dtype)
    array[3, 4, 5] = 1
    mask = Mask(array, ALL_GRIDS["flipped"])
    assert mask.array.dtype == np.bool_
    assert np.argwhere(mask.array).tolist() == [[3, 4, 5]]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(2, np.uint8), (255, np.uint8), (-1, np.int16), (0.5, np.float32), (np.nan, np.float64)],
)
def test_any_other_value_is_refused_with_the_value(value: float, dtype: type) -> None:
    array = np.zeros((40, 36, 32), dtype=dtype)
    array[0, 0, 0] = value
    with pytest.raises(InputError, match=rf"got values such as .*{value}"):
        Mask(array, ALL_GRIDS["straight"])


@pytest.mark.parametrize("shape", [(40, 36), (36, 40, 32), (40, 36, 32, 1)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GridMismatchError, match=r"\(40, 36, 32\)"):
        Mask(np.zeros(shape, dtype=np.bool_), ALL_GRIDS["straight"])
