from pathlib import Path

import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.errors import GridMismatchError, InputError
from voxclick.geometry import Grid
from voxclick.volume import Source, Volume

ON = GRIDS["oblique"]


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "u4", "i8", "f2", "f4", ">f8"])
def test_any_real_type_is_kept_as_it_is(dtype: str) -> None:
    array = np.arange(np.prod(ON.shape)).reshape(ON.shape).astype(dtype)
    volume = Volume(array, ON, Source(Path("ct.nii"), "nifti"))
    assert volume.array is array


def test_an_array_of_another_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(GridMismatchError, match=r"\(40, 36, 32\).*\(40, 32, 36\)"):
        Volume(np.zeros((40, 32, 36)), ON)


@pytest.mark.parametrize("dtype", [np.complex64, object, "U3"])
def test_what_is_not_real_is_refused(dtype: object) -> None:
    with pytest.raises(InputError, match="real numbers"):
        Volume(np.zeros(ON.shape, dtype=dtype), ON)


def test_a_nested_list_is_an_array_too() -> None:
    volume = Volume([[[1, 2]]], Grid((1, 1, 2), np.eye(4)))
    assert volume.array.tolist() == [[[1, 2]]]
