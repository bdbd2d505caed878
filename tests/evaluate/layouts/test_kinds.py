"""What every row of the table of layouts promises."""

import pytest
from data_sets import write_layout
from region_growing import RegionGrowing

from voxclick.evaluate.dataset import find_dataset
from voxclick.evaluate.event import CaseEnd
from voxclick.evaluate.layouts.kinds import LAYOUTS
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.trial import run_case


@pytest.mark.parametrize("row", LAYOUTS, ids=lambda row: row.name)
def test_a_case_of_every_layout_can_be_evaluated(tmp_path, row):
    write_layout(row.name, tmp_path)
    dataset = find_dataset(tmp_path)
    assert dataset.layout == row.name
    (case,) = dataset.cases
    liver, spleen, end = run_case(case, Protocol(clicks=1), RegionGrowing(), frozenset())
    assert liver.rows[0].dice > 0.9
    assert spleen.rows[0].dice > 0.9
    assert isinstance(end, CaseEnd)


@pytest.mark.parametrize("field", ["name", "module", "example"])
def test_no_two_layouts_share_a_name_or_a_module(field):
    values = [getattr(row, field) for row in LAYOUTS]
    assert len(set(values)) == len(values)
