from dataclasses import replace

import numpy as np
import pytest
from phantoms import bright_ball
from region_growing import RegionGrowing

import voxclick as vc
from voxclick.engine.growth import make_growth
from voxclick.engine.growth.kinds import GROWTHS
from voxclick.errors import UnknownNameError

GRID = vc.Grid((96, 96, 96), np.eye(4))
VOLUME, TRUTH = bright_ball(GRID, (48, 48, 48), 20.0)


def test_an_unknown_growth_names_those_there_are() -> None:
    with pytest.raises(
        UnknownNameError, match=r"must be one of wider, cross-patch, got 'sideways'"
    ):
        make_growth(RegionGrowing.spec, "sideways")


def test_a_growth_that_does_not_suit_the_model_is_refused() -> None:
    spec = replace(RegionGrowing.spec, growths=("wider",))
    with pytest.raises(UnknownNameError, match=r"must be one of wider, got 'cross-patch'"):
        make_growth(spec, "cross-patch")


@pytest.mark.parametrize(
    "name", [row.name for row in GROWTHS if row.name in RegionGrowing.spec.growths]
)
def test_an_answer_cut_short_is_replayed_as_far_as_it_went(name: str) -> None:
    asked = vc.Session(VOLUME, RegionGrowing(), growth=name)
    steps = asked.stream(vc.Point((48.0, 48.0, 48.0)))
    next(steps)
    next(steps)
    steps.close()
    again = vc.Session(VOLUME, RegionGrowing(), growth=name)
    for _, step in asked.log.ordered():
        again.add(step.prompt, refinements=step.refinements)
    assert np.array_equal(asked.mask().array, again.mask().array)
    assert again.log.objects[0].steps[0].refinements == 1


@pytest.mark.parametrize(
    "name", [row.name for row in GROWTHS if row.name in RegionGrowing.spec.growths]
)
def test_undo_takes_back_every_step_of_an_answer(name: str) -> None:
    asked = vc.Session(VOLUME, RegionGrowing(), growth=name)
    changes = list(asked.stream(vc.Point((48.0, 48.0, 48.0))))
    assert [change.final for change in changes] == [False] * (len(changes) - 1) + [True]
    found = asked.mask().array
    asked.undo()
    assert not asked.mask().array.any()
    asked.redo()
    assert np.array_equal(asked.mask().array, found)
