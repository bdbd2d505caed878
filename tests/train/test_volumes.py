"""Labelled volumes that training reads."""

import pytest
from data_sets import write_case
from phantoms import GRIDS

from voxclick.errors import OptionError
from voxclick.train.volumes import Volumes


@pytest.fixture
def sets(tmp_path):
    """Two data sets: one of a case on every kind of grid, and one of a single case."""
    for name in GRIDS:
        write_case(tmp_path / "many" / name, grid=name)
    write_case(tmp_path / "one" / "a")
    return tmp_path


def test_include_and_exclude_choose_data_sets_and_cases(sets):
    assert Volumes(sets, include=["one"]).names == ("one/a",)
    some = Volumes(sets, include=["many"], exclude=["many/a*", "many/*ed"])
    assert some.names == ("many/oblique", "many/straight")


@pytest.mark.parametrize("chosen", [{"include": ["ones"]}, {"exclude": ["many", "one"]}])
def test_a_choice_that_fits_nothing_is_refused(sets, chosen):
    with pytest.raises(OptionError, match="include and exclude"):
        Volumes(sets, **chosen)


def test_memory_is_kept_to_its_budget(sets):
    tight = Volumes(sets, budget_bytes=1)
    tight.load()
    assert tight.nbytes == tight.held(tight.names[-1]).nbytes
