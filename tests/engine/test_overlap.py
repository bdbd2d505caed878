import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.engine.object_state import ObjectState
from voxclick.engine.overlap import Overlap, affected, assign, overlap_rule
from voxclick.errors import OptionError
from voxclick.geometry import Box, Grid
from voxclick.prompts import Point, Scribble
from voxclick.types import Array, Vector3


def claiming(grid: Grid, label: int, box: Box, at: Vector3 | None) -> ObjectState:
    """An object that claims a box, prompted at a voxel outside or inside it."""
    state = ObjectState(f"object_{label}", label, grid)
    if at is not None:
        state.begin(Point(at), order=label)
    state.claim[box.slices] = True
    state.bounds = box
    return state


def labels(grid: Grid, states: list[ObjectState], overlap: Overlap = "nearest") -> Array:
    array = np.zeros(grid.shape, dtype=np.uint16)
    assign(array, grid.box, states, grid, overlap)
    return array


LEFT, RIGHT = Box((2, 2, 2), (24, 20, 20)), Box((16, 2, 2), (38, 20, 20))


@pytest.mark.parametrize("name", GRIDS)
def test_a_contested_voxel_goes_to_the_nearest_prompt_in_millimetres(name: str) -> None:
    grid = GRIDS[name]
    ends = ((16.0, 4.0, 4.0), (23.0, 18.0, 18.0))
    states = [claiming(grid, 1, LEFT, ends[0]), claiming(grid, 2, RIGHT, ends[1])]
    found = labels(grid, states)
    shared = LEFT.intersection(RIGHT)
    voxels = np.argwhere(np.ones(shared.shape)) + np.array(shared.start)
    places = grid.to_ras(voxels.astype(np.float64))
    first, second = (np.linalg.norm(places - grid.to_ras(np.array([e]))[0], axis=1) for e in ends)
    i, j, k = voxels.T
    clear = np.abs(first - second) > 1e-6
    assert np.array_equal(found[i, j, k][clear], np.where(first < second, 1, 2)[clear])


@pytest.mark.parametrize(("overlap", "winner"), [("first", 1), ("last", 2)])
def test_the_first_or_the_last_opened_wins_when_asked(overlap: Overlap, winner: int) -> None:
    grid = GRIDS["straight"]
    states = [claiming(grid, 1, LEFT, None), claiming(grid, 2, RIGHT, None)]
    shared = LEFT.intersection(RIGHT)
    assert (labels(grid, states, overlap)[shared.slices] == winner).all()


def test_an_object_without_prompts_gives_way_to_one_with_a_click() -> None:
    grid = GRIDS["straight"]
    states = [claiming(grid, 1, LEFT, None), claiming(grid, 2, RIGHT, (30.0, 10.0, 10.0))]
    assert (labels(grid, states)[RIGHT.slices] == 2).all()


def test_many_prompts_are_as_near_as_the_nearest_of_them() -> None:
    grid = GRIDS["oblique"]
    few = claiming(grid, 1, LEFT, (3.0, 3.0, 3.0))
    many = claiming(grid, 2, LEFT, None)
    stroke = np.stack([np.arange(3.0, 23), np.full(20, 19.0), np.full(20, 19.0)], axis=1)
    many.begin(Scribble(stroke), order=2)
    found = labels(grid, [few, many])
    assert found[22, 19, 19] == 2
    assert found[3, 3, 3] == 1


def test_assigning_part_of_the_volume_leaves_the_rest_and_tells_what_changed() -> None:
    grid = GRIDS["straight"]
    state = claiming(grid, 3, LEFT, (4.0, 4.0, 4.0))
    array = np.zeros(grid.shape, dtype=np.uint16)
    part = Box((0, 0, 0), (10, 36, 32))
    assert assign(array, part, [state], grid, "nearest") == LEFT.intersection(part)
    assert not array[10:].any()
    assert assign(array, part, [state], grid, "nearest") == Box.EMPTY


def test_a_change_of_one_object_can_matter_wherever_it_meets_another() -> None:
    grid = GRIDS["straight"]
    states = [claiming(grid, 1, LEFT, None), claiming(grid, 2, RIGHT, None)]
    changed = Box((2, 2, 2), (4, 4, 4))
    assert affected(changed, states[0], states) == changed.union(LEFT.intersection(RIGHT))


def test_an_unknown_rule_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionError, match="nearest, first, last, allow"):
        overlap_rule("both")
