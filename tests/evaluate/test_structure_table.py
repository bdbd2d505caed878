"""CT-SAM3D's table; every expected value is computed by hand."""

import csv

import pytest

from voxclick.evaluate.protocol import make_protocol
from voxclick.evaluate.results import Row
from voxclick.evaluate.structure_table import make_tables
from voxclick.evaluate.table import Results


def an_object(case, name, dice):
    """Dice grows by a hundredth a click; NSD is half of it."""
    return [
        Row(case, 1, name, step, step, dice + step / 100, (dice + step / 100) / 2, 0.1)
        for step in range(1, 11)
    ]


OBJECTS = [
    an_object("a", "liver", 0.5),
    an_object("b", "liver", 0.7),
    an_object("a", "spleen", 0.2),
    an_object("a", "rib_left_1", 0.4),
    an_object("a", "my_tumour", 0.1),
]


def lines(**options):
    (table,) = make_tables(Results(OBJECTS, make_protocol("ct-sam3d", options)))
    found = list(csv.DictReader(table.to_csv().splitlines()))
    return {(line["kind"], line["name"]): line for line in found}


def test_the_clicks_reported_are_columns():
    (table,) = make_tables(Results(OBJECTS, make_protocol("ct-sam3d", {})))
    assert table.head[-10:] == tuple(f"{m}_{c}" for m in ("dice", "nsd") for c in (1, 2, 3, 5, 10))


def test_a_structure_is_the_mean_over_its_objects():
    liver = lines()["structure", "liver"]
    assert (liver["objects"], liver["group"]) == ("2", "organs")
    assert float(liver["dice_1"]) == pytest.approx(0.61)
    assert float(liver["dice_10"]) == pytest.approx(0.7)
    assert float(liver["nsd_3"]) == pytest.approx(0.315)


def test_a_group_is_the_mean_over_its_structures():
    organs = lines()["group", "organs"]
    assert (organs["structures"], organs["objects"]) == ("2", "3")
    assert float(organs["dice_5"]) == pytest.approx((0.65 + 0.25) / 2)
    assert float(lines()["part", "bones: ribs"]["dice_1"]) == pytest.approx(0.41)
    assert lines()["structure", "my_tumour"]["group"] == "other"


def test_unseen_structures_are_told_apart_by_name_or_group():
    found = lines(unseen=("spleen", "bones"))
    assert float(found["all", "unseen"]["dice_1"]) == pytest.approx((0.21 + 0.41) / 2)
    assert float(found["all", "seen"]["dice_1"]) == pytest.approx((0.61 + 0.11) / 2)
    assert found["group", "organs"]["unseen"] == "some"
    assert ("all", "seen") not in lines()
    assert float(lines()["all", "all"]["dice_1"]) == pytest.approx((0.61 + 0.21 + 0.41 + 0.11) / 4)
