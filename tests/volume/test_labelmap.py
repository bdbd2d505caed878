import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.errors import GridMismatchError, InputError, UnknownNameError
from voxclick.volume import LabelMap

ON = GRIDS["anisotropic"]


def labelled(dtype: str = "u1", names: dict[int, str] | None = None) -> LabelMap:
    array = np.zeros(ON.shape, dtype=dtype)
    array[:5], array[5:7] = 3, 1
    return LabelMap(array, ON, names or {})


def test_labels_are_those_that_occur_or_are_named_without_the_background() -> None:
    assert labelled(names={7: "aorta", 0: "nothing"}).labels == (1, 3, 7)
    assert LabelMap(np.zeros(ON.shape, dtype=np.uint8), ON).labels == ()


@pytest.mark.parametrize("label", [3, np.uint8(3), np.int64(3), "liver"])
def test_a_label_is_found_by_number_and_by_name(label: int | str) -> None:
    mask = labelled(names={3: "liver"}).mask(label)
    assert np.array_equal(mask.array, labelled().array == 3)


def test_a_label_without_a_name_is_called_by_its_number() -> None:
    assert labelled().name(3) == "label_3"
    assert labelled().mask("label_1").voxels == 2 * 36 * 32


def test_a_named_label_that_is_absent_has_an_empty_mask() -> None:
    assert labelled(names={7: "aorta"}).mask("aorta").voxels == 0


@pytest.mark.parametrize("label", [0, 2, "spleen", "label_2"])
def test_an_unknown_label_is_refused_with_those_there_are(label: int | str) -> None:
    with pytest.raises(UnknownNameError, match="there are") as caught:
        labelled().mask(label)
    assert str(label) in str(caught.value)


def test_big_label_numbers_are_kept() -> None:
    array = np.zeros(ON.shape, dtype=np.uint32)
    array[0, 0, 0] = 4_000_000_000
    assert LabelMap(array, ON).labels == (4_000_000_000,)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_does_not_matter(order: str) -> None:
    array = np.asarray(labelled(">i2").array, order=order)
    assert LabelMap(array, ON).labels == (1, 3)


def test_negative_labels_are_refused_with_the_value() -> None:
    array = np.zeros(ON.shape, dtype=np.int16)
    array[0, 0, 0] = -7
    with pytest.raises(InputError, match="-7"):
        LabelMap(array, ON)


def test_fractions_are_refused() -> None:
    with pytest.raises(InputError, match="float32"):
        LabelMap(np.zeros(ON.shape, dtype=np.float32), ON)


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(GridMismatchError, match="label map"):
        LabelMap(np.zeros((3, 3, 3), dtype=np.uint8), ON)
