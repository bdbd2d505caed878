"""Protocols."""

import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.errors import OptionError
from voxclick.evaluate.case import Target
from voxclick.evaluate.protocol import Protocol
from voxclick.geometry import Box

NOTHING = np.zeros((0, 0, 0), dtype=np.bool_)
TARGETS = [
    Target(label, f"n{label}", GRIDS["straight"], Box.EMPTY, NOTHING) for label in range(1, 21)
]


def test_steps_are_the_clicks():
    assert Protocol(clicks=3).steps == (1, 2, 3)


def test_a_first_prompt_is_step_zero():
    assert Protocol(clicks=2, first="box").steps == (0, 1, 2)


@pytest.mark.parametrize(
    ("case", "label"), [("a", 2), ("b", 1)], ids=["another label", "another case"]
)
def test_each_object_draws_numbers_of_its_own(case, label):
    drawn = Protocol(seed=5).generator("a", 1).random(4)
    assert np.array_equal(drawn, Protocol(seed=5).generator("a", 1).random(4))
    assert not np.array_equal(drawn, Protocol(seed=5).generator(case, label).random(4))
    assert not np.array_equal(drawn, Protocol(seed=6).generator("a", 1).random(4))


def test_labels_are_wanted_by_name_or_number():
    protocol = Protocol(labels=("liver", "7"))
    assert protocol.wants(3, "liver")
    assert protocol.wants(7, "spleen")
    assert not protocol.wants(3, "spleen")
    assert Protocol().wants(3, "spleen")


def test_at_most_so_many_objects_of_a_case_are_drawn_in_order():
    protocol = Protocol(max_objects=4)
    chosen = [target.label for target in protocol.chosen("a", TARGETS)]
    assert len(chosen) == 4
    assert chosen == sorted(chosen)
    assert chosen == [target.label for target in protocol.chosen("a", TARGETS)]
    assert chosen != [target.label for target in protocol.chosen("b", TARGETS)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"clicks": 0},
        {"seed": -1},
        {"min_voxels": 0},
        {"max_objects": 0},
        {"tolerance_mm": 0.0},
        {"budget_s": 0.0},
        {"budget_s": float("nan")},
        {"tolerance_mm": float("nan")},
        {"tolerance_mm": float("inf")},
    ],
    ids=str,
)
def test_a_number_out_of_range_is_an_error_that_names_it(wrong):
    ((what, value),) = wrong.items()
    with pytest.raises(OptionError, match=f"{what}.*{value}"):
        Protocol(**wrong)


def test_an_unknown_growth_names_those_there_are():
    with pytest.raises(OptionError, match=r"growth must be one of wider, .*, got 'sideways'"):
        Protocol(growth="sideways")
