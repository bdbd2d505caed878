import numpy as np
import pytest
from phantoms import GRIDS, bright_ball
from slice_growing import SliceGrowing

import voxclick as vc
from voxclick.errors import PromptError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.types import Index3

CENTRE = (20.0, 18.0, 16.0)


def clicked(on: Grid) -> vc.Session:
    session = vc.Session(bright_ball(on, CENTRE, 9.0)[0], "geodesic")
    session.add(vc.Point(CENTRE))
    return session


def looked(session: vc.Session, count: int) -> list[Index3]:
    seen: list[Index3] = []
    while len(seen) < count and (found := session.suggest(seen=seen)) is not None:
        seen.append(found.at)
    return seen


@pytest.mark.parametrize("name", GRIDS)
def test_a_suggestion_is_a_click_that_changes_its_voxel(name: str) -> None:
    session = clicked(GRIDS[name])
    found = session.suggest()
    assert found is not None
    before = bool(session.mask().array[found.at])
    assert found.positive != before
    assert 0 < found.doubt <= 1
    session.add(found.point)
    assert bool(session.mask().array[found.at]) == found.positive


def test_what_another_object_owns_counts_as_missing() -> None:
    volume = bright_ball(GRIDS["straight"], CENTRE, 9.0)[0]
    session = vc.Session(volume, "geodesic", overlap="last")
    session.add(vc.Point(CENTRE))
    name, whole = session.current, np.ones(session.grid.shape, dtype=np.bool_)
    whole[0, 0, 0] = False
    session.object("above")
    session.add(vc.MaskPrompt(vc.Mask(whole, session.grid)))
    mask = session.mask(name).array
    seen: list[Index3] = []
    for _ in range(6):
        found = session.suggest(of=name, seen=seen)
        assert found is not None
        assert found.positive != bool(mask[found.at])
        seen.append(found.at)


def test_asking_changes_nothing() -> None:
    session = clicked(GRIDS["straight"])
    mask, log = session.mask().array, session.log.to_json()
    first = session.suggest()
    assert session.suggest() == first
    assert np.array_equal(session.mask().array, mask)
    assert session.log.to_json() == log


def test_there_is_nowhere_to_look_before_there_is_a_mask() -> None:
    session = vc.Session(bright_ball(GRIDS["straight"], CENTRE, 9.0)[0], "geodesic")
    assert session.suggest() is None
    assert session.objects == ()


def test_places_that_were_right_are_passed_over() -> None:
    session = clicked(GRIDS["anisotropic"])
    seen = looked(session, 6)
    assert len(seen) == len(set(seen)) == 6
    mm = session.grid.to_ras(np.array([*seen, CENTRE]))
    apart = np.linalg.norm(mm[:, None] - mm[None], axis=2)[np.triu_indices(7, 1)]
    assert apart.min() > 1


def test_where_one_side_was_right_again_and_again_the_other_is_shown() -> None:
    session = clicked(GRIDS["straight"])
    mask = session.mask().array
    sides = [bool(mask[at]) for at in looked(session, 10)]
    assert len(set(sides)) == 2


@pytest.mark.parametrize("name", GRIDS)
def test_looking_leads_to_the_half_that_is_missing(name: str) -> None:
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9.0)
    half = truth.array.copy()
    half[int(CENTRE[0]) :] = False
    session = vc.Session(volume, "geodesic")
    session.add(vc.MaskPrompt(vc.Mask(half, volume.grid)))
    wrong = [bool(truth.array[at]) != bool(half[at]) for at in looked(session, 10)]
    assert any(wrong)


def test_of_slices_the_least_sure_one_is_shown() -> None:
    volume = bright_ball(GRIDS["anisotropic"], CENTRE, 9.0)[0]
    session = vc.Session(volume, SliceGrowing())
    session.add(vc.Point(CENTRE))
    scores = session.scores()
    found = session.suggest()
    assert scores is not None
    assert found is not None
    quality = dict(zip(scores.numbers, scores.quality, strict=True))
    shown = session.mask().array.any(axis=tuple({0, 1, 2} - {scores.axis}))
    unasked = [n for n in scores.numbers if n not in scores.prompted and shown[n]]
    assert quality[found.at[scores.axis]] == min(quality[n] for n in unasked)


def test_a_place_outside_the_volume_was_not_seen() -> None:
    with pytest.raises(PromptError, match="volume"):
        clicked(GRIDS["straight"]).suggest(seen=[(40, 0, 0)])


def test_an_object_that_is_not_there_has_no_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="liver"):
        clicked(GRIDS["straight"]).suggest(of="liver")
