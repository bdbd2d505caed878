import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.engine.obey import Mark, check_contradiction
from voxclick.errors import PromptError
from voxclick.geometry import Box
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Prompt, Scribble
from voxclick.types import Array

GRID = GRIDS["straight"]
BOX = Box((5, 5, 5), (15, 15, 15))
SQUARE = np.array([[6.0, 6, 8], [12, 6, 8], [12, 12, 8], [6, 12, 8]])


def obeyed(prompt: Prompt, filled: bool) -> Array:
    mask = np.full(BOX.shape, filled)
    Mark.of(prompt).apply(mask, BOX)
    return mask


def test_a_point_settles_its_voxel_and_no_other() -> None:
    assert np.argwhere(obeyed(Point((6, 7, 8)), filled=False)).tolist() == [[1, 2, 3]]
    assert np.argwhere(~obeyed(Point((6, 7, 8), False), filled=True)).tolist() == [[1, 2, 3]]


def test_what_lies_outside_the_box_is_left_alone() -> None:
    assert not obeyed(Scribble(np.array([[0.0, 0, 0], [30, 30, 30]])), filled=False).any()


def test_a_negative_box_empties_what_it_shares_with_the_mask() -> None:
    left = obeyed(BoxPrompt((0, 0, 0), (7, 36, 32), positive=False), filled=True)
    assert not left[:2].any()
    assert left[2:].all()


def test_a_negative_lasso_empties_its_slice_inside() -> None:
    left = obeyed(Lasso(SQUARE, axis=2, positive=False), filled=True)
    assert not left[2, 2, 3]
    assert left[2, 2, 4]
    assert left[9, 9, 3]


@pytest.mark.parametrize("prompt", [BoxPrompt((6, 6, 6), (9, 9, 9)), Lasso(SQUARE, axis=2)])
def test_a_positive_box_or_lasso_settles_nothing(prompt: Prompt) -> None:
    assert not obeyed(prompt, filled=False).any()
    assert Mark.of(prompt).box.empty


def test_the_slices_of_a_mask_prompt_are_copied_inside_and_outside() -> None:
    drawn = ball(GRID, (10, 10, 8), 3.0)
    mask = obeyed(MaskPrompt(drawn, axis=2, slices=[8, 30]), filled=True)
    assert np.array_equal(mask[:, :, 3], drawn.array[5:15, 5:15, 8])
    assert mask[:, :, 4].all()


def test_a_contradiction_names_the_voxel() -> None:
    with pytest.raises(PromptError, match=r"\(6, 7, 8\)"):
        check_contradiction(Point((6, 7, 8)), [Point((1, 1, 1)), Point((6.4, 7, 8), False)])
    check_contradiction(Point((6, 7, 8)), [Point((6, 7, 8)), Point((6, 7, 9), False)])
