"""The challenge's scores; every expected value is computed by hand."""

import csv

import pytest

from voxclick.evaluate.challenge.score_table import COLUMNS, make_tables
from voxclick.evaluate.protocol import make_protocol
from voxclick.evaluate.results import Row
from voxclick.evaluate.table import Results

PROTOCOL = make_protocol("cvpr2025", {})


def an_object(case, label, dice, nsd, seconds=1.0, first=0):
    return [
        Row(case, label, f"label_{label}", step, step + 1, d, n, seconds)
        for step, (d, n) in enumerate(zip(dice, nsd, strict=True), start=first)
    ]


OBJECTS = [
    an_object("CT_a", 1, (0.1, 0.5, 0.6, 0.7, 0.8, 0.9), (0.6, 0.5, 0.6, 0.7, 0.8, 1.0)),
    an_object("CT_a", 2, (0.3, 0.3, 0.4, 0.5, 0.6, 0.7), (0.4, 0.3, 0.4, 0.5, 0.6, 0.8)),
    an_object("MR_b", 7, (0.0, 0.2, 0.2, 0.9, 0.9, 0.9), (0.0, 0.9, 0.9, 0.9, 0.9, 0.9), 16.0),
]


def tables(objects=OBJECTS):
    groups = {"CT_a": "CT", "MR_b": "MR", "CT_c": "CT"}
    return make_tables(Results(objects, PROTOCOL, groups))


def lines(table):
    return list(csv.DictReader(table.to_csv().splitlines()))


def test_the_columns_are_the_organisers():
    scores, _ = tables()
    assert scores.file == "cvpr2025.csv"
    assert scores.head == COLUMNS
    assert COLUMNS[:3] == ("CaseName", "TotalRunningTime", "RunningTime_1")
    assert COLUMNS[-3:] == ("NSD_6", "num_class", "runtime_upperbound")
    assert len(COLUMNS) == 26


def test_a_score_is_the_mean_over_the_classes_and_the_area_leaves_out_the_box():
    line = lines(tables()[0])[0]
    assert float(line["DSC_1"]) == pytest.approx(0.2)
    assert float(line["DSC_2"]) == pytest.approx(0.4)
    assert float(line["DSC_AUC"]) == pytest.approx(0.2 + 0.5 + 0.6 + 0.7 + 0.4)
    assert float(line["NSD_AUC"]) == pytest.approx(0.2 + 0.5 + 0.6 + 0.7 + 0.45)
    assert (float(line["DSC_Final"]), float(line["NSD_Final"])) == pytest.approx((0.8, 0.9))


def test_the_nsd_counts_as_nothing_up_to_a_mean_dice_of_a_fifth():
    first, second = lines(tables()[0])
    assert float(first["NSD_1"]) == 0.0
    assert [float(second[f"NSD_{n}"]) for n in range(1, 7)] == [0, 0, 0, 0.9, 0.9, 0.9]


def test_running_times_are_summed_over_classes_and_held_against_the_limit():
    scores, _ = tables()
    first, second = lines(scores)
    assert (float(first["RunningTime_1"]), float(first["TotalRunningTime"])) == (2.0, 12.0)
    assert (first["num_class"], float(first["runtime_upperbound"])) == ("2", 180.0)
    assert (float(second["TotalRunningTime"]), float(second["runtime_upperbound"])) == (96.0, 90.0)
    assert "1 of 2 cases are over 90 s a class: MR_b" in scores.note


def test_without_a_box_the_first_step_is_scored_nothing():
    objects = [an_object("CT_c", 1, (0.5,) * 5, (0.5,) * 5, first=1)]
    (line,) = lines(tables(objects)[0])
    assert [float(line[f"DSC_{n}"]) for n in range(1, 7)] == [0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert float(line["RunningTime_1"]) == 0.0


def test_means_are_told_for_each_modality_and_for_all():
    found = {line["group"]: line for line in lines(tables()[1])}
    assert set(found) == {"CT", "MR", "all"}
    assert float(found["all"]["DSC_Final"]) == pytest.approx((0.8 + 0.9) / 2)
    assert found["all"]["cases"] == "2"
