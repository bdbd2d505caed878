"""Rows in numbers; every expected value is computed by hand."""

import json

import pytest

from voxclick.evaluate.event import Failure
from voxclick.evaluate.results import Row
from voxclick.evaluate.summary import Measured, summarise

MEASURED = Measured({"model": "geodesic"}, {"voxclick": "0"}, "cpu")


def an_object(case, label, name, dice, seconds=0.5):
    return [
        Row(case, label, name, step, step, value, value / 2, seconds)
        for step, value in enumerate(dice, start=1)
    ]


OBJECTS = [
    an_object("a", 1, "liver", (0.5, 0.85, 0.95)),
    an_object("b", 1, "liver", (0.3, 0.6, 0.7)),
    an_object("b", 2, "spleen", (0.1, 0.2, 0.3)),
]


def test_each_step_has_the_mean_and_the_median_over_objects():
    summary = summarise(OBJECTS, MEASURED, {})
    assert [step.mean for step in summary.dice] == pytest.approx([0.3, 0.55, 0.65])
    assert [step.median for step in summary.dice] == pytest.approx([0.3, 0.6, 0.7])
    assert [step.mean for step in summary.nsd] == pytest.approx([0.15, 0.275, 0.325])


def test_the_area_is_the_trapezoid_rule_over_the_clicks():
    summary = summarise(OBJECTS[:1], MEASURED, {})
    assert summary.total.dice_auc == pytest.approx(0.25 + 0.85 + 0.475)


def test_the_area_leaves_out_a_first_prompt_that_is_no_click():
    rows = [Row("a", 1, "x", step, step + 1, 0.1 + step, 0.0, 0.1) for step in (0, 1, 2)]
    assert summarise([rows], MEASURED, {}).total.dice_auc == pytest.approx((1.1 + 2.1) / 2)


def test_an_object_that_never_gets_there_counts_with_all_its_clicks():
    summary = summarise(OBJECTS, MEASURED, {})
    eight, nine = summary.total.targets
    assert (eight.clicks, eight.reached) == pytest.approx(((2 + 3 + 3) / 3, 1 / 3))
    assert (nine.clicks, nine.reached) == pytest.approx((3.0, 1 / 3))


def test_the_interval_draws_cases_and_holds_the_mean():
    objects = [
        an_object(f"case{place}", label, "x", (place / 10,))
        for place in range(10)
        for label in (1, 2)
    ]
    step = summarise(objects, MEASURED, {}).dice[0]
    # the standard error of a mean of 10 cases spread as 0 .. 0.9 is 0.287 / sqrt(10) = 0.091;
    # drawing the 20 objects instead would give 0.064
    assert step.low == pytest.approx(0.45 - 1.96 * 0.091, abs=0.02)
    assert step.high == pytest.approx(0.45 + 1.96 * 0.091, abs=0.02)


def test_one_case_has_no_interval():
    step = summarise(OBJECTS[1:], MEASURED, {}).dice[0]
    assert (step.low, step.high) == (None, None)


def test_names_are_parts_the_best_first():
    names = summarise(OBJECTS, MEASURED, {}).names
    assert [(part.name, part.objects) for part in names] == [("liver", 2), ("spleen", 1)]
    assert names[0].dice_last == pytest.approx(0.825)


def test_groups_are_parts_where_there_are_several():
    groups = summarise(OBJECTS, MEASURED, {"a": "CT", "b": "MR"}).groups
    assert [(part.name, part.objects) for part in groups] == [("CT", 1), ("MR", 2)]
    assert summarise(OBJECTS, MEASURED, {"a": "CT", "b": "CT"}).groups == ()


def test_the_worst_objects_come_worst_first():
    worst = summarise(OBJECTS, MEASURED, {}).worst
    assert [(row.name, row.step, row.dice) for row in worst] == [
        ("spleen", 3, 0.3),
        ("liver", 3, 0.7),
        ("liver", 3, 0.95),
    ]


def test_steps_without_a_prompt_do_not_count_as_time():
    rows = [
        Row("a", 1, "x", 1, 1, 0.5, 0.5, 4.0),
        Row("a", 1, "x", 2, 2, 1.0, 1.0, 2.0),
        Row("a", 1, "x", 3, 2, 1.0, 1.0, 0.0),
    ]
    summary = summarise([rows], MEASURED, {})
    assert (summary.first.median, summary.later.median, summary.later.p95) == (4.0, 2.0, 2.0)


def test_nothing_but_failures_is_a_summary_without_numbers():
    failure = Failure("a", None, "", "the file is cut off")
    summary = summarise([], MEASURED, {}, small=2, failures=[failure])
    assert summary.total is None
    assert (summary.small, summary.failures) == (2, (failure,))
    assert json.loads(json.dumps(summary.to_json()))["dice"] == []


def test_a_part_has_the_interval_of_its_last_dice_over_cases():
    one = summarise(OBJECTS[:1], MEASURED, {}).total
    assert (one.dice_low, one.dice_high) == (None, None)
    total = summarise(OBJECTS, MEASURED, {}).total
    assert total.dice_low <= total.dice_last <= total.dice_high
    assert total.dice_low < total.dice_high


def test_a_budget_counts_the_prompts_that_are_answered_in_it():
    summary = summarise(OBJECTS[:2], MEASURED, {})  # half a second a prompt
    told = {budget.seconds: budget for budget in summary.budgets}
    assert told[1.0].dice == pytest.approx((0.85 + 0.6) / 2)
    assert told[1.0].prompts == 2
    assert told[2.0].dice == pytest.approx((0.95 + 0.7) / 2)
    slow = [an_object("a", 1, "liver", (0.5, 0.85, 0.95), seconds=1.5)]
    assert summarise(slow, MEASURED, {}).budgets[0].dice == 0.0


def test_an_area_is_told_only_where_no_click_is_left_out():
    rows = [Row("a", 1, "x", step, step, 0.85, 0.0, 0.1) for step in (1, 3, 10)]
    total = summarise([rows], MEASURED, {}).total
    assert total.dice_auc is None
    assert [target.clicks for target in total.targets] == [1.0, 10.0]
