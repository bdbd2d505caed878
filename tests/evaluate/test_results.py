"""The table of results."""

import csv

import pytest

from voxclick.errors import FileFormatError, OutputError
from voxclick.evaluate.results import HEADER, ResultsFile, Row


def rows(case, label, name="liver", steps=(1, 2)):
    return [Row(case, label, name, step, step, 0.5, 0.25, 0.0123) for step in steps]


def test_the_header_is_the_published_one(tmp_path):
    ResultsFile(tmp_path / "results.csv", (1, 2))
    assert (tmp_path / "results.csv").read_text() == (
        "case,label,name,step,prompts,dice,nsd,seconds\n"
    )


def test_what_is_appended_is_on_disk_at_once(tmp_path):
    ResultsFile(tmp_path / "results.csv", (1, 2)).append(rows("a", 3))
    with (tmp_path / "results.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["step"] for line in lines] == ["1", "2"]
    assert float(lines[0]["dice"]) == 0.5


def test_finished_objects_are_read_back(tmp_path):
    first = ResultsFile(tmp_path / "results.csv", (1, 2))
    first.append(rows("a, with a comma", 3, 'a "name"'))
    again = ResultsFile(tmp_path / "results.csv", (1, 2))
    assert again.objects == first.objects
    assert list(again.objects) == [("a, with a comma", 3)]


@pytest.mark.parametrize("lost", range(1, 75, 7))
def test_an_object_cut_off_by_a_killed_run_is_dropped_whole(tmp_path, lost):
    path = tmp_path / "results.csv"
    first = ResultsFile(path, (1, 2))
    first.append(rows("a", 1))
    first.append(rows("b", 1))
    path.write_bytes(path.read_bytes()[:-lost])
    again = ResultsFile(path, (1, 2))
    assert list(again.objects) == [("a", 1)]
    again.append(rows("b", 1))
    assert path.read_text().count("\n") == 5


def test_sorting_puts_cases_in_the_order_of_the_data_set(tmp_path):
    results = ResultsFile(tmp_path / "results.csv", (1,))
    for case, label in (("b", 2), ("a", 1), ("b", 1)):
        results.append(rows(case, label, steps=(1,)))
    results.sort(["b", "a"])
    lines = (tmp_path / "results.csv").read_text().splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [["b", "1"], ["b", "2"], ["a", "1"]]


def test_another_table_is_an_error(tmp_path):
    (tmp_path / "results.csv").write_text("name,score\nx,1\n")
    with pytest.raises(FileFormatError, match=",".join(HEADER)):
        ResultsFile(tmp_path / "results.csv", (1,))
    assert (tmp_path / "results.csv").read_text() == "name,score\nx,1\n"


def test_a_folder_that_is_gone_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="--output"):
        ResultsFile(tmp_path / "gone" / "results.csv", (1,))
