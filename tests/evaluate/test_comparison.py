"""Two evaluations side by side; every expected value is computed by hand."""

import json
from itertools import product

import numpy as np
import pytest

from voxclick.cli import main
from voxclick.errors import FileFormatError, MissingFileError, OptionError
from voxclick.evaluate.comparison import compare
from voxclick.evaluate.results import HEADER, Row, format_rows


def write(folder, objects, **settings):
    folder.mkdir()
    rows = [
        Row(case, label, name, step, step, dice, dice / 2, 0.5)
        for (case, label, name), curve in objects.items()
        for step, dice in enumerate(curve, start=1)
    ]
    (folder / "results.csv").write_text(",".join(HEADER) + "\n" + format_rows(rows))
    (folder / "settings.json").write_text(json.dumps({"seed": 0, **settings}))
    return folder


ONE = {
    ("a", 1, "liver"): (0.5, 0.6),
    ("a", 2, "spleen"): (0.4, 0.5),
    ("b", 1, "liver"): (0.7, 0.85),
    ("c", 1, "liver"): (0.1, 0.2),
    ("d", 1, "liver"): (0.1, 0.2),
}
OTHER = {
    ("a", 1, "liver"): (0.6, 0.9),
    ("a", 2, "spleen"): (0.4, 0.7),
    ("b", 1, "liver"): (0.7, 0.9),
    ("c", 1, "liver"): (0.2, 0.1),
    ("e", 1, "liver"): (0.2, 0.1),
}


@pytest.fixture
def folders(tmp_path):
    first = write(tmp_path / "one", ONE, model="geodesic", clicks=2)
    return first, write(tmp_path / "other", OTHER, model="builtin", clicks=2)


def test_only_objects_that_both_have_count(folders):
    found = compare(*folders)
    assert (found.objects, found.cases, found.alone) == (4, 3, 2)
    last = {one.measure: one for one in found.total}["Dice, last"]
    assert last.first == pytest.approx((0.6 + 0.5 + 0.85 + 0.2) / 4)
    assert last.second == pytest.approx((0.9 + 0.7 + 0.9 + 0.1) / 4)
    assert last.low <= last.second - last.first <= last.high


def test_the_test_swaps_whole_cases(folders):
    last = {one.measure: one for one in compare(*folders).total}["Dice, last"]
    sums = np.array([0.3 + 0.2, 0.05, -0.1])  # cases a, b and c
    swapped = [abs(sums @ signs) for signs in product((1, -1), repeat=3)]
    share = np.mean([value >= abs(sums.sum()) - 1e-9 for value in swapped])
    assert last.p == pytest.approx(share)


def test_clicks_to_a_dice_are_compared_too(folders):
    clicks = {one.measure: one for one in compare(*folders).total}["clicks to 0.8"]
    assert (clicks.first, clicks.second) == (2.0, 2.0)
    assert clicks.p == 1.0


def test_structures_are_corrected_for_their_number(folders):
    liver, spleen = compare(*folders).names
    assert (liver.name, liver.objects, spleen.name) == ("liver", 3, "spleen")
    assert spleen.p == 1.0
    assert liver.p == 1.0  # 3 cases: 0.5 at the smallest here, twice that for two structures


def test_the_same_results_twice_differ_in_nothing(folders):
    found = compare(folders[0], folders[0])
    assert all((one.first, one.p) == (one.second, 1.0) for one in found.total)
    assert found.differing == ()


def test_a_clear_difference_of_many_cases_is_not_by_chance(tmp_path):
    generator = np.random.default_rng(0)
    ones = {(f"c{n}", 1, "x"): (0.0, float(generator.uniform(0.4, 0.6))) for n in range(30)}
    others = {key: (0.0, dice + 0.1 + 0.01 * generator.normal()) for key, (_, dice) in ones.items()}
    found = compare(write(tmp_path / "one", ones), write(tmp_path / "other", others))
    last = {one.measure: one for one in found.total}["Dice, last"]
    assert last.p < 0.001
    assert 0.09 < last.low < last.high < 0.11


def test_settings_that_measure_something_else_are_named(tmp_path):
    first = write(tmp_path / "one", ONE, model="geodesic", tolerance_mm=2.0)
    second = write(tmp_path / "other", OTHER, model="builtin", tolerance_mm=1.0)
    assert compare(first, second).differing == ("tolerance_mm: 2.0 and 1.0",)


def test_folders_that_cannot_be_compared_are_errors(tmp_path, folders):
    with pytest.raises(MissingFileError, match="nowhere"):
        compare(folders[0], tmp_path / "nowhere")
    with pytest.raises(OptionError, match="none in common"):
        compare(folders[0], write(tmp_path / "else", {("z", 1, "liver"): (0.1, 0.2)}))
    (folders[1] / "settings.json").write_text("{")
    with pytest.raises(FileFormatError, match=r"settings\.json"):
        compare(*folders)


def test_the_command_prints_a_table_or_json(folders, capsys):
    assert main(["compare", *map(str, folders)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("4 objects in 3 cases; 2 in one of them only\n")
    assert "spleen: Dice, last" in told
    assert main(["compare", *map(str, folders), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["objects"] == 4
