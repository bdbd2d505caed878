import pytest

from voxclick.errors import OptionError
from voxclick.metrics.interaction import area_under_curve, clicks_to_reach, normalised_area


def test_the_area_is_the_challenges_trapezoid() -> None:
    d = [0.1, 0.4, 0.5, 0.8, 0.9]
    assert area_under_curve(d) == pytest.approx(d[0] / 2 + d[1] + d[2] + d[3] + d[4] / 2)
    assert area_under_curve([1.0] * 5) == pytest.approx(4.0)
    assert normalised_area([1.0] * 5) == pytest.approx(1.0)


def test_one_score_has_no_area() -> None:
    with pytest.raises(OptionError):
        area_under_curve([0.5])


def test_clicks_to_reach_counts_from_one_and_may_never_come() -> None:
    assert clicks_to_reach([0.2, 0.8, 0.7], 0.8) == 2
    assert clicks_to_reach([0.2, 0.8, 0.7], 0.9) is None
