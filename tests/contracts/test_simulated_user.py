"""What every simulated user must keep; a new row in the table is tested by itself."""

import numpy as np
import pytest
from phantoms import GRIDS, ball

from voxclick.prompts import Point, Scribble
from voxclick.simulate.kinds import USERS, UserRow, make_user
from voxclick.volume import Mask

CENTRE = (20.0, 18.0, 16.0)
ROWS = pytest.mark.parametrize("row", USERS, ids=[row.name for row in USERS])


def empty(truth: Mask) -> Mask:
    return Mask(np.zeros_like(truth.array), truth.grid)


@ROWS
@pytest.mark.parametrize("name", GRIDS)
def test_its_first_prompt_is_valid_and_of_a_kind_it_names(row: UserRow, name: str) -> None:
    truth = ball(GRIDS[name], CENTRE, 9.0)
    for seed in range(5):
        prompt = make_user(row.name).next_prompt(truth, empty(truth), np.random.default_rng(seed))
        assert prompt is not None
        assert prompt.kind in row.prompts
        assert prompt.positive
        prompt.to_voxel(truth.grid)


@ROWS
def test_it_ends_when_nothing_is_left_to_correct(row: UserRow) -> None:
    truth = ball(GRIDS["straight"], CENTRE, 9.0)
    assert make_user(row.name).next_prompt(truth, truth, np.random.default_rng(0)) is None


@ROWS
def test_the_generator_alone_decides(row: UserRow) -> None:
    truth = ball(GRIDS["oblique"], CENTRE, 9.0)
    first, second = (
        make_user(row.name).next_prompt(truth, empty(truth), np.random.default_rng(5))
        for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert first.to_json() == second.to_json()


@ROWS
def test_it_marks_what_is_too_much_as_such(row: UserRow) -> None:
    truth, predicted = ball(GRIDS["straight"], CENTRE, 5.0), ball(GRIDS["straight"], CENTRE, 11.0)
    prompt = make_user(row.name).next_prompt(truth, predicted, np.random.default_rng(1))
    if not row.corrects:
        assert prompt is None or prompt.positive
        return
    assert prompt is not None
    if row.errs:
        return
    assert not prompt.positive
    if isinstance(prompt, Point | Scribble):
        i, j, k = prompt.voxels().T
        assert not truth.array[i, j, k].any()
        assert predicted.array[i, j, k].all()


@ROWS
def test_a_single_wrong_voxel_can_be_prompted(row: UserRow) -> None:
    truth = ball(GRIDS["straight"], CENTRE, 0.1)
    prompt = make_user(row.name).next_prompt(truth, empty(truth), np.random.default_rng(0))
    assert prompt is not None
    prompt.to_voxel(truth.grid)
