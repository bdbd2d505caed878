"""One case with a simulated user."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from data_sets import write_case
from phantoms import GRIDS
from region_growing import RegionGrowing

from voxclick.engine import replay
from voxclick.evaluate.event import CaseEnd, Failure, Outcome
from voxclick.evaluate.layouts.folders import find
from voxclick.evaluate.protocol import Protocol, make_protocol
from voxclick.evaluate.trial import run_case
from voxclick.volume.packing import unpack_bits

PROTOCOL = Protocol(clicks=3)


class Breaking(RegionGrowing):
    """Fails the first time it is asked."""

    asked = 0

    def decode(self, embedding, prompts, previous):
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("out of memory:\n  tried to allocate 20 GiB")
        return super().decode(embedding, prompts, previous)


class Wide(RegionGrowing):
    """Sees both balls at once."""

    spec = replace(RegionGrowing.spec, patch=(64, 64, 64))


def make_case(folder, grid="straight"):
    write_case(folder / "one", grid)
    (found,) = find(folder)
    return found


@pytest.fixture
def case(tmp_path):
    return make_case(tmp_path)


def without_seconds(events):
    rows = [row for event in events if isinstance(event, Outcome) for row in event.rows]
    return [(row.case, row.label, row.step, row.prompts, row.dice, row.nsd) for row in rows]


@pytest.mark.parametrize("grid", GRIDS)
def test_every_object_goes_through_all_steps_and_small_ones_are_counted(tmp_path, grid):
    case = make_case(tmp_path, grid)
    *outcomes, end = run_case(case, PROTOCOL, RegionGrowing(), frozenset())
    assert end == CaseEnd("one", (3,), 0)
    for outcome, name in zip(outcomes, ("liver", "spleen"), strict=True):
        assert [row.step for row in outcome.rows] == [1, 2, 3]
        assert {row.name for row in outcome.rows} == {name}
        assert outcome.rows[0].dice > 0.9


def test_the_kept_prompts_give_the_kept_mask_again(case):
    outcome = next(iter(run_case(case, PROTOCOL, RegionGrowing(), frozenset())))
    mask = replay(case.read(), outcome.log, RegionGrowing()).mask()
    kept = np.zeros(mask.grid.shape, dtype=np.bool_)
    kept[outcome.box.slices] = unpack_bits(outcome.bits, outcome.box.shape)
    assert np.array_equal(mask.array, kept)


def test_the_same_seed_gives_the_same_rows(case):
    once, again = (
        without_seconds(run_case(case, PROTOCOL, RegionGrowing(), frozenset())) for _ in range(2)
    )
    assert once == again


def test_an_object_does_not_depend_on_those_before_it(case):
    both = without_seconds(run_case(case, PROTOCOL, RegionGrowing(), frozenset()))
    alone = without_seconds(run_case(case, PROTOCOL, RegionGrowing(), frozenset({1})))
    assert alone == both[3:]


def test_the_objects_of_a_case_share_the_views_that_were_encoded(case):
    segmenter = Wide()
    list(run_case(case, Protocol(clicks=1), segmenter, frozenset()))
    assert segmenter.encoded == 1


def test_an_object_that_fails_is_told_in_one_line_and_the_next_goes_on(case):
    failure, outcome, end = run_case(case, PROTOCOL, Breaking(), frozenset())
    reason = "RuntimeError: out of memory: tried to allocate 20 GiB"
    assert failure == Failure("one", 1, "liver", reason)
    assert outcome.rows[0].label == 2
    assert end.failed == 1


def test_prompts_given_at_once_begin_anew_for_each_number_of_them(case):
    protocol = make_protocol("sam-adapter3d", {"labels": ("liver",)})
    outcome, _ = run_case(case, protocol, RegionGrowing(), frozenset())
    assert [(row.step, row.prompts) for row in outcome.rows] == [(1, 1), (3, 3), (10, 10)]
    prompts = outcome.log.objects[0].prompts
    assert len(prompts) == 10
    assert all(prompt.positive for prompt in prompts)
    labels = np.asarray(nib.load(case.labels).dataobj)
    assert all(labels[tuple(int(i) for i in prompt.at)] == 1 for prompt in prompts)
    again, _ = run_case(case, protocol, RegionGrowing(), frozenset())
    assert without_seconds([outcome]) == without_seconds([again])


@pytest.mark.parametrize("user", ["slice_mask", "slice_box:slices=3", "slice_center:at=largest"])
def test_prompts_on_slices_alone_are_a_protocol(case, user):
    protocol = make_protocol("sam2-3d", {"user": user, "labels": ("spleen",)})
    outcome, _ = run_case(case, protocol, Wide(), frozenset())
    kinds = {prompt.kind for prompt in outcome.log.objects[0].prompts}
    assert len(kinds) == 1
    assert outcome.rows[0].prompts == (3 if "slices=3" in user else 1)
    assert {row.name for row in outcome.rows} == {"merged"}


def test_a_case_that_cannot_be_read_is_a_failure(case):
    case.image.write_text("this is no image")
    failure, end = run_case(case, PROTOCOL, RegionGrowing(), frozenset())
    assert failure.label is None
    assert str(case.image) in failure.reason
    assert "\n" not in failure.reason
    assert end == CaseEnd("one", (), 1)


def test_labels_on_another_grid_are_a_failure(case):
    labels = nib.load(case.labels)
    moved = labels.affine.copy()
    moved[0, 3] += 7.0
    nib.save(nib.Nifti1Image(np.asarray(labels.dataobj), moved), case.labels)
    failure, _ = run_case(case, PROTOCOL, RegionGrowing(), frozenset())
    assert "must lie on the grid" in failure.reason


def test_a_budget_of_seconds_ends_the_prompts_and_the_rows_go_on(case):
    protocol = Protocol(clicks=3, budget_s=1e-9, labels=("liver",))
    outcome, _ = run_case(case, protocol, RegionGrowing(), frozenset())
    assert [row.prompts for row in outcome.rows] == [1, 1, 1]
    assert len({row.dice for row in outcome.rows}) == 1


def test_a_prompt_that_contradicts_an_earlier_one_is_refused_and_the_object_goes_on(case):
    user = "robot:wrong_sign=1,offset_mm=0,lazy=0,content=1,alpha=60"
    protocol = Protocol(user=user, clicks=6, labels=("liver",))
    outcome, end = run_case(case, protocol, RegionGrowing(), frozenset())
    assert end.failed == 0
    assert len(outcome.rows) == 6
