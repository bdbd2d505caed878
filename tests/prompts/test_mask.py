import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sheared import ALL_GRIDS

from voxclick.errors import GridMismatchError, InputError, PromptError
from voxclick.geometry import Box, Grid
from voxclick.prompts import MaskPrompt
from voxclick.volume import Mask

ON = ALL_GRIDS["oblique"]
BLOCK = Box((10, 12, 8), (16, 20, 14))


def mask_on(on: Grid = ON) -> Mask:
    array = np.zeros(on.shape, dtype=np.bool_)
    array[BLOCK.slices] = True
    return Mask(array, on)


def test_a_whole_mask_marks_its_voxels() -> None:
    voxels = MaskPrompt(mask_on()).voxels()
    assert len(voxels) == BLOCK.voxels
    assert Box.around(voxels) == BLOCK


@pytest.mark.parametrize("axis", range(3))
def test_on_slices_only_those_slices_are_marked(axis: int) -> None:
    prompt = MaskPrompt(mask_on(), axis=axis, slices=[13, 12, 13, 0])
    assert prompt.slices == (0, 12, 13)
    voxels = prompt.voxels()
    assert set(voxels[:, axis].tolist()) == {12, 13}
    assert mask_on().array[tuple(voxels.T)].all()
    assert len(voxels) == 2 * BLOCK.voxels // BLOCK.shape[axis]


@pytest.mark.parametrize("axis", range(3))
def test_slices_say_what_is_inside_and_a_rim_of_what_is_not(axis: int) -> None:
    inside, outside = MaskPrompt(mask_on(), axis=axis, slices=[13]).scribbles(reach=2)
    assert inside.positive
    assert not outside.positive
    area = BLOCK.voxels // BLOCK.shape[axis]
    sides = [n + 4 for a, n in enumerate(BLOCK.shape) if a != axis]
    assert len(inside.voxels()) == area
    assert len(outside.voxels()) == sides[0] * sides[1] - area
    assert not mask_on().array[tuple(outside.voxels().T)].any()


def test_slices_without_the_object_are_negative_all_over() -> None:
    (outside,) = MaskPrompt(mask_on(), axis=2, slices=[0]).scribbles()
    assert not outside.positive
    assert len(outside.points) == 40 * 36


@pytest.mark.parametrize("on", ALL_GRIDS.values(), ids=ALL_GRIDS)
def test_a_mask_on_the_volumes_grid_is_taken(on: Grid) -> None:
    rounded = Grid(on.shape, on.affine.astype(np.float32))
    assert MaskPrompt(mask_on(rounded)).to_voxel(on).mask.voxels == BLOCK.voxels


@pytest.mark.parametrize("name", sorted(set(ALL_GRIDS) - {"oblique"}))
def test_a_mask_on_another_grid_is_refused(name: str) -> None:
    with pytest.raises(GridMismatchError, match="own grid of \\(40, 36, 32\\)") as caught:
        MaskPrompt(mask_on(ALL_GRIDS[name])).to_voxel(ON)
    assert "\n" not in str(caught.value)


def test_a_mask_of_another_shape_is_refused() -> None:
    smaller = Mask(np.ones((4, 4, 4), dtype=np.bool_), Grid((4, 4, 4), ON.affine))
    with pytest.raises(GridMismatchError, match=r"\(4, 4, 4\)"):
        MaskPrompt(smaller).to_voxel(ON)


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(PromptError, match="at least one voxel, got an empty mask"):
        MaskPrompt(Mask(np.zeros(ON.shape, dtype=np.bool_), ON))


@pytest.mark.parametrize(
    ("axis", "slices", "told"),
    [
        (2, [32], "0 to 31 along axis 2"),
        (0, [-1], "0 to 39 along axis 0"),
        (None, [3], "both an axis and slices"),
        (1, [], "both an axis and slices"),
        (3, [3], "axis must be 0, 1 or 2"),
        (1.0, [3], "axis must be 0, 1 or 2"),
        (1, [2.5], "whole numbers"),
        (1, ["2"], "whole numbers"),
    ],
)
def test_slices_that_are_not_in_the_mask_are_refused(
    axis: object, slices: list[object], told: str
) -> None:
    with pytest.raises(PromptError, match=told) as caught:
        MaskPrompt(mask_on(), axis=axis, slices=slices)
    assert "\n" not in str(caught.value)


def test_numpy_slices_are_taken() -> None:
    assert MaskPrompt(mask_on(), axis=2, slices=np.array([3, 4]).tolist()).slices == (3, 4)
    assert MaskPrompt(mask_on(), axis=2, slices=list(np.array([3, 4]))).slices == (3, 4)


def test_a_mask_is_never_moved() -> None:
    with pytest.raises(PromptError, match="resampled instead"):
        MaskPrompt(mask_on()).moved(np.eye(4))


@given(
    hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6)),
    st.booleans(),
)
def test_a_mask_comes_back_from_json_the_same(array: np.ndarray, sliced: bool) -> None:
    mask = Mask(array, Grid(array.shape, ON.affine))
    if not array.any():
        sliced = True
    prompt = MaskPrompt(mask, 1, (0,)) if sliced else MaskPrompt(mask)
    back = MaskPrompt.from_json(prompt.to_json(), "voxel")
    assert np.array_equal(back.mask.array, array)
    assert back.mask.grid.matches(mask.grid)
    assert (back.axis, back.slices) == (prompt.axis, prompt.slices)


@pytest.mark.parametrize(
    "fields",
    [
        {"runs": [5]},
        {"runs": [25, -1]},
        {"runs": [2**80, 24 - 2**80]},
        {"shape": [2**10, 2**11, 2**11], "runs": [2**32]},
        {"shape": [2**40, 2**40, 2**40], "runs": [2**120]},
        {"runs": [2**40, 24 - 2**40]},
        {"shape": [2, 3]},
        {"shape": [0, 3, 4]},
        {"affine": [[1, 0], [0, 1]]},
        {"slices": [7], "axis": 0},
        {"first": "false"},
        {"positive": False},
        {"runs": [0, 24], "first": True},
    ],
)
def test_json_that_describes_no_mask_is_refused(fields: dict[str, object]) -> None:
    good = {"shape": [2, 3, 4], "affine": np.eye(4).tolist(), "first": True, "runs": [24]}
    with pytest.raises(InputError):
        MaskPrompt.from_json(good | fields, "voxel")


def test_a_mask_prompt_keeps_what_it_was_given() -> None:
    mask = mask_on()
    prompt = MaskPrompt(mask)
    mask.array[:] = False
    assert len(prompt.voxels()) == BLOCK.voxels
    with pytest.raises(ValueError, match="read-only"):
        prompt.mask.array[0, 0, 0] = True


def test_a_mask_prompt_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        MaskPrompt(mask_on()).axis = 1  # type: ignore[misc]


def test_a_bare_array_is_told_to_bring_its_grid() -> None:
    with pytest.raises(PromptError, match="needs a Mask, an array with its grid, got ndarray"):
        MaskPrompt(np.ones((4, 4, 4), dtype=np.bool_))
