"""What history holds of an object's slices."""

import numpy as np
import pytest
from slice_growing import SliceGrowing

import voxclick as vc
from voxclick.engine import object_state
from voxclick.engine.track import LOST
from voxclick.geometry import Grid

GRID = Grid((20, 18, 16), np.eye(4))


def bars() -> vc.Volume:
    """Three bars along the last axis."""
    array = np.zeros(GRID.shape, dtype=np.int16)
    for start in (2, 8, 14):
        array[start : start + 4, 4:12] = 200
    return vc.Volume(array, GRID)


def clicks() -> list[vc.Point]:
    return [vc.Point((4.0 + 6 * (n % 3), 6.0, 4.0 + n)) for n in range(6)]


def test_old_tracks_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    session = vc.Session(bars(), SliceGrowing())
    session.add(clicks()[0])
    state = session._objects.state()
    assert state.track is not None
    once = sum(one.nbytes for one in state.track.found.values())
    monkeypatch.setattr(object_state, "HISTORY_BYTES", 2 * once)
    for click in clicks()[1:]:
        session.add(click)
    held = [record.track_before is not LOST for record in state.done]
    assert held == sorted(held)
    assert not held[0]
    assert held[-1]


def test_prompts_lead_to_a_track_that_was_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_state, "HISTORY_BYTES", 0)
    session = vc.Session(bars(), SliceGrowing())
    for click in clicks():
        session.add(click, refinements=7)
    for _ in range(4):
        session.undo()
    assert session.scores() is None
    session.redo()
    session.add(clicks()[5])
    again = vc.replay(bars(), session.log, SliceGrowing())
    assert np.array_equal(again.mask().array, session.mask().array)
    found, wanted = session.scores(), again.scores()
    assert found is not None
    assert wanted is not None
    assert (found.numbers, found.prompted) == (wanted.numbers, wanted.prompted)
