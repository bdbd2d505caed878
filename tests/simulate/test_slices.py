"""Users who prompt chosen slices."""

import numpy as np
import pytest

from voxclick.errors import OptionError
from voxclick.geometry import Box, Grid
from voxclick.prompts import BoxPrompt, MaskPrompt
from voxclick.simulate.boxes import SliceBoxUser
from voxclick.simulate.radioactive import SlicePointsUser
from voxclick.simulate.slice_choice import chosen_slices
from voxclick.simulate.slices import SliceCenterClick, SliceMaskUser
from voxclick.simulate.user import ManyAtOnce
from voxclick.types import Array
from voxclick.volume import Mask

ANY = np.random.default_rng(0)


def mask(array: Array) -> Mask:
    return Mask(array, Grid(array.shape, np.eye(4)))


@pytest.fixture
def cone() -> Mask:
    """Slice k of 2 to 11 is a square of k voxels a side."""
    array = np.zeros((14, 14, 16), dtype=np.bool_)
    for k in range(2, 12):
        array[1 : 1 + k, 1 : 1 + k, k] = True
    return mask(array)


@pytest.mark.parametrize(
    ("at", "slices", "wanted"),
    [
        ("middle", 1, [7]),
        ("largest", 1, [11]),
        ("middle", 3, [3, 6, 10]),
        ("largest", 5, [3, 5, 7, 9, 11]),
        ("stack", 1, [8]),
        ("4", 1, [4]),
        ("14", 1, []),
        ("99", 1, []),
    ],
)
def test_slices_are_chosen_by_place(cone: Mask, at: str, slices: int, wanted: list[int]) -> None:
    assert chosen_slices(cone, 2, at, slices) == wanted


def test_of_a_flat_object_no_slice_is_chosen_twice() -> None:
    array = np.zeros((5, 5, 5), dtype=np.bool_)
    array[1:3, 1:3, 2:4] = True
    assert chosen_slices(mask(array), 2, "middle", 5) == [2, 3]


@pytest.mark.parametrize(
    "wrong", [{"axis": 3}, {"slices": 0}, {"at": "top"}, {"at": "3", "slices": 2}], ids=str
)
def test_an_impossible_choice_is_an_error(wrong) -> None:
    with pytest.raises(OptionError):
        SliceMaskUser(**wrong)


@pytest.mark.parametrize(
    "user",
    [SlicePointsUser(), SliceBoxUser(slices=0, outward=0), SliceCenterClick(slices=0)],
    ids=lambda user: type(user).__name__,
)
def test_every_slice_of_the_object_can_be_prompted(cone: Mask, user: ManyAtOnce) -> None:
    nothing = Mask(np.zeros_like(cone.array), cone.grid)
    prompts = user.next_prompts(cone, nothing, ANY)
    assert len(prompts) == 10
    for number, prompt in enumerate(prompts, start=2):
        if isinstance(prompt, BoxPrompt):
            assert prompt.region == Box((1, 1, number), (1 + number, 1 + number, number + 1))
        else:
            assert prompt.voxels()[0, 2] == number
            assert cone.array[tuple(prompt.voxels()[0])]


def test_every_slice_is_corrected_where_its_error_is_largest(cone: Mask) -> None:
    found = cone.array.copy()
    found[:, :, 4], found[10:, 10:, 9] = False, True
    clicks = SliceCenterClick(slices=0).next_prompts(cone, mask(found), ANY)
    assert [(click.at[2], click.positive) for click in clicks] == [(4, True), (9, False)]


def test_the_true_mask_is_given_on_the_chosen_slices_once(cone: Mask) -> None:
    nothing = mask(np.zeros_like(cone.array))
    prompt = SliceMaskUser(slices=3).next_prompt(cone, nothing, ANY)
    assert isinstance(prompt, MaskPrompt)
    assert (prompt.axis, prompt.slices) == (2, (3, 6, 10))
    assert SliceMaskUser().next_prompt(cone, mask(np.ones_like(cone.array)), ANY) is None


def test_the_deeper_of_missing_and_surplus_is_clicked_on_that_slice_alone() -> None:
    truth = np.zeros((30, 30, 9), dtype=np.bool_)
    truth[2:9, 2:9, :] = True  # missing: 7 wide, deepest at 5 5
    predicted = np.zeros_like(truth)
    predicted[12:23, 12:23, 4] = True  # surplus on the middle slice: 11 wide, deepest at 17 17
    click = SliceCenterClick().next_prompt(mask(truth), mask(predicted), ANY)
    assert click is not None
    assert (click.at, click.positive) == ((17.0, 17.0, 4.0), False)
    predicted[12:23, 12:23, 4] = False
    predicted[:, :, 3] = True
    click = SliceCenterClick().next_prompt(mask(truth), mask(predicted), ANY)
    assert click is not None
    assert (click.at, click.positive) == ((5.0, 5.0, 4.0), True)


def test_nothing_is_said_when_the_slice_is_right_whatever_the_others_are(cone: Mask) -> None:
    predicted = np.zeros_like(cone.array)
    predicted[:, :, 7] = cone.array[:, :, 7]
    assert SliceCenterClick().next_prompts(cone, mask(predicted), ANY) == []


def test_each_chosen_slice_gets_a_click_of_its_own(cone: Mask) -> None:
    nothing = mask(np.zeros_like(cone.array))
    clicks = SliceCenterClick(slices=3).next_prompts(cone, nothing, ANY)
    assert [click.at[2] for click in clicks] == [3.0, 6.0, 10.0]
