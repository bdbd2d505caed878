"""Charts as SVG."""

from xml.etree import ElementTree

import pytest

from voxclick.evaluate.chart import HEIGHT, WIDTH, Curve, draw_chart
from voxclick.evaluate.summary import Step

FALLING = [Step(1.0, 1.0, 0.9, 1.0), Step(0.5, 0.5, 0.4, 0.6), Step(0.0, 0.0, 0.0, 0.1)]


def parsed(steps, curves):
    return ElementTree.fromstring(draw_chart(steps, curves))


def points_of(chart, tag):
    text = chart.find(f"{tag}[@points]").get("points")
    return [tuple(map(float, pair.split(","))) for pair in text.split()]


def test_a_higher_mean_is_drawn_higher_and_a_later_step_further_right():
    line = points_of(parsed((1, 2, 3), [Curve("mean Dice", "dice", FALLING)]), "polyline")
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert [y for _, y in line] == sorted(y for _, y in line)
    assert line[1][1] == pytest.approx((line[0][1] + line[2][1]) / 2)


def test_everything_lies_inside_the_picture():
    chart = parsed((1, 2, 3), [Curve("mean Dice", "dice", FALLING)])
    for x, y in points_of(chart, "polyline") + points_of(chart, "polygon"):
        assert 0 < x < WIDTH
        assert 0 < y < HEIGHT


def test_without_intervals_there_is_no_band():
    chart = parsed((1,), [Curve("mean Dice", "dice", [Step(0.5, 0.5, None, None)])])
    assert chart.find("polygon") is None


def test_a_step_before_the_clicks_is_called_first():
    chart = parsed((0, 1, 2), [Curve("mean Dice", "dice", FALLING)])
    assert [t.text for t in chart.findall("text[@class='tick middle']")] == ["first", "1", "2"]


def test_titles_are_escaped():
    chart = parsed((1, 2, 3), [Curve("a < b & c", "dice", FALLING)])
    assert chart.find("text[@class='legend']").text == "a < b & c"
