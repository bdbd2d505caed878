"""The folder of results."""

import json

import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.errors import FileFormatError, OptionError, OutputError
from voxclick.evaluate.event import CaseEnd, Failure, Outcome
from voxclick.evaluate.results import Row
from voxclick.evaluate.store import Store
from voxclick.geometry import Box
from voxclick.prompts import ObjectLog, Point, PromptLog, Step
from voxclick.volume.packing import pack_bits

SETTINGS = {"seed": 1, "labels": []}
BOX = Box((3, 4, 5), (6, 9, 12))
MASK = np.random.default_rng(0).random(BOX.shape) > 0.5
STEPS = (1, 2)


def outcome(case="sets/a", label=3):
    rows = tuple(Row(case, label, "liver", step, step, 0.5, 0.5, 0.1) for step in STEPS)
    log = PromptLog((ObjectLog("x", 1, (Step(Point((1, 2, 3)), 0),)),), GRIDS["oblique"])
    return Outcome(rows, log, BOX, pack_bits(MASK))


def test_a_mask_and_its_prompts_come_back(tmp_path):
    store = Store(tmp_path / "out", SETTINGS, STEPS)
    store.record(outcome())
    box, mask = store.mask(outcome().rows[-1])
    assert box == BOX
    assert np.array_equal(mask, MASK)
    assert store.log(outcome().rows[-1]).objects[0].steps[0].prompt == Point((1, 2, 3))


def test_an_empty_mask_comes_back(tmp_path):
    store = Store(tmp_path / "out", SETTINGS, STEPS)
    filled = outcome()
    store.record(Outcome(filled.rows, filled.log, Box.EMPTY, b""))
    box, mask = store.mask(filled.rows[-1])
    assert box.empty
    assert mask.size == 0


def test_what_was_recorded_is_finished_after_a_restart_of_the_program(tmp_path):
    first = Store(tmp_path / "out", SETTINGS, STEPS)
    first.record(outcome())
    first.record(CaseEnd("sets/a", (4, 5), 0))
    again = Store(tmp_path / "out", SETTINGS, STEPS)
    assert again.finished("sets/a")
    assert not again.finished("sets/b")
    assert again.done() == {"sets/a": frozenset({3})}
    assert again.small == 2


def test_a_case_with_a_failure_is_tried_again(tmp_path):
    first = Store(tmp_path / "out", SETTINGS, STEPS)
    first.record(Failure("sets/a", 3, "liver", "it is cut off"))
    first.record(CaseEnd("sets/a", (), 1))
    assert len(first.failures) == 1
    assert not Store(tmp_path / "out", SETTINGS, STEPS).finished("sets/a")


def test_a_line_cut_off_by_a_killed_run_is_dropped(tmp_path):
    store = Store(tmp_path / "out", SETTINGS, STEPS)
    store.record(outcome())
    for case in ("a", "b"):
        store.record(CaseEnd(case, (), 0))
    path = tmp_path / "out" / "cases.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    again = Store(tmp_path / "out", SETTINGS, STEPS)
    again.record(CaseEnd("c", (), 0))
    last = Store(tmp_path / "out", SETTINGS, STEPS)
    assert [last.finished(case) for case in "abc"] == [True, False, True]


def test_results_of_other_settings_are_refused_and_the_message_says_what_differs(tmp_path):
    Store(tmp_path / "out", SETTINGS, STEPS).record(outcome())
    before = (tmp_path / "out" / "results.csv").read_text()
    with pytest.raises(OptionError, match=r"seed was 1 and is now 2; .*--restart"):
        Store(tmp_path / "out", {**SETTINGS, "seed": 2}, (1, 2, 3))
    assert (tmp_path / "out" / "results.csv").read_text() == before


def test_other_settings_are_taken_while_there_are_no_results(tmp_path):
    Store(tmp_path / "out", SETTINGS, STEPS).record(CaseEnd("a", (1,), 0))
    again = Store(tmp_path / "out", {**SETTINGS, "seed": 2}, STEPS)
    assert not again.finished("a")
    assert json.loads((tmp_path / "out" / "settings.json").read_text())["seed"] == 2


def test_beginning_anew_deletes_results_and_nothing_else(tmp_path):
    store = Store(tmp_path / "out", SETTINGS, STEPS)
    store.record(outcome())
    store.record(CaseEnd("sets/a", (), 0))
    (tmp_path / "out" / "notes.txt").write_text("mine")
    again = Store(tmp_path / "out", {"seed": 2}, STEPS, restart=True)
    assert not again.finished("sets/a")
    assert again.done() == {}
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert left == ["notes.txt", "results.csv", "settings.json"]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "results.csv").write_text("mine\n")
    with pytest.raises(OptionError, match=r"without settings\.json"):
        Store(tmp_path, SETTINGS, STEPS, restart=True)
    assert (tmp_path / "results.csv").read_text() == "mine\n"
    assert (tmp_path / "objects").is_dir()


def test_broken_settings_are_an_error(tmp_path):
    (tmp_path / "settings.json").write_text("[1")
    with pytest.raises(FileFormatError, match=r"settings\.json"):
        Store(tmp_path, SETTINGS, STEPS)


def test_a_folder_in_one_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OutputError, match=r"make .*gone first"):
        Store(tmp_path / "gone" / "out", SETTINGS, STEPS)


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="--output"):
        Store(tmp_path / "out", SETTINGS, STEPS)
