"""What is known of each object."""

import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.evaluate.case import Target
from voxclick.evaluate.facts import HEADER, Facts, format_facts, read_facts
from voxclick.geometry import Box

THICK = Facts(1000, 1.92, (0.8, 0.8, 3.0))


def test_facts_are_written_and_read(tmp_path):
    path = tmp_path / "objects.csv"
    path.write_text(",".join(HEADER) + "\n" + format_facts('a, "b"', 3, THICK))
    assert read_facts(path) == {('a, "b"', 3): THICK}
    assert THICK.anisotropy == pytest.approx(3.75)


def test_the_last_line_of_an_object_counts_and_broken_ones_do_not(tmp_path):
    path = tmp_path / "objects.csv"
    lines = [format_facts("a", 1, THICK), format_facts("a", 1, Facts(5, 0.005, (1.0, 1.0, 1.0)))]
    path.write_text(",".join(HEADER) + "\n" + "".join(lines) + "a,two\n" + "b,1,7")
    assert read_facts(path) == {("a", 1): Facts(5, 0.005, (1.0, 1.0, 1.0))}
    assert read_facts(tmp_path / "nowhere.csv") == {}


def test_an_objects_facts_are_those_of_its_truth():
    grid = GRIDS["anisotropic"]
    target = Target(1, "x", grid, Box((0, 0, 0), (2, 2, 2)), np.ones((2, 2, 2), dtype=np.bool_))
    assert Facts.of(target).voxels == 8
    assert Facts.of(target).volume_ml == pytest.approx(8 * 0.8 * 0.8 * 3.0 / 1000)
