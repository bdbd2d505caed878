from collections.abc import Sequence

import numpy as np
import pytest
from jaxtyping import Float
from phantoms import GRIDS, bright_ball
from region_growing import RegionGrowing
from torch import Tensor

import voxclick as vc
from voxclick.engine.session import Session
from voxclick.errors import UnknownNameError
from voxclick.models.base import Embedding
from voxclick.prompts import Prompt

CENTRE = (20.0, 18.0, 16.0)
CLICKS = (
    vc.Point(CENTRE),
    vc.Point((26.0, 18.0, 16.0), positive=False),
    vc.Point((2.0, 2.0, 2.0)),
    vc.Scribble(np.array([[20.0, 22.0, 16.0], [20.0, 23.0, 16.0]]), positive=False),
)


class Failing(RegionGrowing):
    """Runs out of memory at the decode that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_in = 1_000_000

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        previous: Float[Tensor, "i j k"] | None,
    ) -> Float[Tensor, "i j k"]:
        self.fails_in -= 1
        if self.fails_in == 0:
            raise RuntimeError("out of memory")
        return super().decode(embedding, prompts, previous)


def clicked(prompts: Sequence[Prompt], name: str = "straight") -> Session:
    volume, _ = bright_ball(GRIDS[name], CENTRE, 8.0)
    session = Session(volume, RegionGrowing())
    for prompt in prompts:
        session.add(prompt)
    return session


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("place", range(4))
def test_an_object_is_as_if_the_removed_prompt_had_never_been_given(name: str, place: int) -> None:
    asked = clicked(CLICKS, name)
    change = asked.remove(place)
    expected = clicked([c for n, c in enumerate(CLICKS) if n != place], name)
    assert np.array_equal(asked.mask().array, expected.mask().array)
    assert len(asked.log.objects[0].prompts) == 3
    assert np.array_equal(change.mask, asked.mask().array[change.box.slices])


def test_a_change_by_removal_covers_every_voxel_that_changed() -> None:
    asked = clicked(CLICKS)
    before = asked.mask().array
    change = asked.remove(0)
    differs = before ^ asked.mask().array
    assert differs.any()
    differs[change.box.slices] = False
    assert not differs.any()


def test_after_a_removal_undo_goes_back_through_what_remains() -> None:
    asked = clicked(CLICKS)
    asked.undo()
    asked.remove(1)
    assert "nothing to redo" in asked.redo().notes[0]
    asked.undo()
    assert np.array_equal(asked.mask().array, clicked(CLICKS[:1]).mask().array)
    assert asked.steps() == (1, 1)


def test_a_removal_in_one_object_leaves_the_others_their_prompts() -> None:
    asked = clicked(())
    asked.add(vc.Point((16.0, 18.0, 16.0)), to="a")
    asked.add(vc.Point((24.0, 18.0, 16.0)), to="b")
    asked.add(vc.Point((18.0, 18.0, 16.0)), to="a")
    asked.remove(0, of="a")
    expected = clicked(())
    expected.object("a")
    expected.add(vc.Point((24.0, 18.0, 16.0)), to="b")
    expected.add(vc.Point((18.0, 18.0, 16.0)), to="a")
    assert np.array_equal(asked.labelmap().array, expected.labelmap().array)


@pytest.mark.parametrize("place", [-1, 4, 99])
def test_there_is_no_such_prompt_to_remove(place: int) -> None:
    asked = clicked(CLICKS)
    with pytest.raises(UnknownNameError, match="one of its 4"):
        asked.remove(place)


def test_when_the_model_fails_a_prompt_was_never_given() -> None:
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    model = Failing()
    asked = Session(volume, model)
    asked.add(CLICKS[0])
    before = asked.mask().array
    model.fails_in = 1
    with pytest.raises(RuntimeError):
        asked.add(CLICKS[1])
    assert np.array_equal(asked.mask().array, before)
    assert len(asked.log.objects[0].prompts) == 1


def test_when_the_model_fails_nothing_was_removed() -> None:
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    model = Failing()
    asked = Session(volume, model)
    for prompt in CLICKS:
        asked.add(prompt)
    before = asked.mask().array
    model.fails_in = 2
    with pytest.raises(RuntimeError):
        asked.remove(0)
    assert np.array_equal(asked.mask().array, before)
    assert asked.steps() == (4, 0)
    asked.undo()
    assert np.array_equal(asked.mask().array, clicked(CLICKS[:3]).mask().array)
