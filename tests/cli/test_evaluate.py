"""`voxclick evaluate`."""

import json
import re

import pytest
from data_sets import break_case, write_case

from voxclick.cli import main
from voxclick.evaluate.layouts.kinds import LAYOUTS
from voxclick.evaluate.preset import PRESETS
from voxclick.simulate.kinds import USERS


@pytest.fixture
def data(tmp_path):
    write_case(tmp_path / "data" / "a")
    return tmp_path / "data"


def run(data, output, *words):
    quick = ["--clicks", "1", "--labels", "liver", "--pictures", "1"]
    if "--workers" not in words:
        quick += ["--workers", "1"]
    return main(["evaluate", str(data), "--output", str(output), *quick, *words])


@pytest.mark.slow
def test_the_results_lie_where_the_last_line_says(data, tmp_path, capsys):
    assert run(data, tmp_path / "out") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("1 objects in 1 cases: Dice 0.")
    assert told[-1] == str(tmp_path / "out" / "report.html")
    assert (tmp_path / "out" / "report.html").is_file()
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["total"]["objects"] == 1
    assert (
        (tmp_path / "out" / "results.csv").read_text().startswith("case,label,name,step,prompts,")
    )


@pytest.mark.slow
def test_options_reach_the_settings(data, tmp_path):
    words = ("--user", "random", "--first", "box", "--seed", "7", "--tolerance-mm", "1.5")
    assert run(data, tmp_path / "out", *words, "--limit", "1", "--max-objects", "1") == 0
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    wanted = {"user": "random", "first": "box", "seed": 7, "tolerance_mm": 1.5, "limit": 1}
    assert wanted.items() <= settings.items()


@pytest.mark.slow
def test_a_failed_case_is_told_and_the_rest_is_a_result(data, tmp_path, capsys):
    break_case(data / "bad")
    assert run(data, tmp_path / "out") == 1
    assert re.search(r"failed: bad: .*image\.nii\.gz", capsys.readouterr().err)


@pytest.mark.slow
def test_nothing_but_failures_is_a_failure(tmp_path):
    break_case(tmp_path / "data" / "bad")
    assert run(tmp_path / "data", tmp_path / "out") == 1
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--user", "nobody"], "nobody"),
        (["--first", "nobody"], "nobody"),
        (["--model", "nothing"], "nothing"),
        (["--device", "tpu"], "tpu"),
        (["--clicks", "0"], "clicks must be at least 1, got 0"),
        (["--clicks", "many"], "many"),
        (["--seed", "-1"], "-1"),
        (["--limit", "0"], "limit must be 1 or more, got 0"),
        (["--cases", "nobody"], "cases must be names or patterns"),
        (["--workers", "-1"], "-1"),
        (["--tolerance-mm", "nan"], "nan"),
        (["--colour", "red"], "--colour"),
        (["--protocol", "nnunet"], "ct-sam3d"),
        (["--protocol", "ct-sam3d", "--clicks", "3"], "--clicks to 10, got 3"),
        (["--user", "random:beta=1"], "alpha"),
    ],
    ids=str,
)
def test_a_wrong_option_is_one_line_and_nothing_is_written(data, tmp_path, capsys, words, told):
    assert run(data, tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_without_labelled_cases_is_one_line(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    assert run(tmp_path / "data", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_output_folder_in_one_that_is_not_there_is_one_line(data, tmp_path, capsys):
    assert run(data, tmp_path / "gone" / "out") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "gone").exists()


@pytest.mark.slow
def test_unseen_structures_can_stand_in_a_file(data, tmp_path):
    (tmp_path / "unseen.txt").write_text("spleen\n\nribs\n")
    assert run(data, tmp_path / "out", "--unseen", str(tmp_path / "unseen.txt"), "brain") == 0
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["unseen"] == ["spleen", "ribs", "brain"]


def test_help_names_every_layout_and_every_user(capsys):
    assert main(["evaluate", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(row.title in told for row in LAYOUTS)
    assert all(f"{row.name}: " in told for row in USERS)
    assert all(f"{row.name}: {row.title}" in told for row in PRESETS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ray", "127.0.0.1:1"), "nothing at 127.0.0.1:1"),
        (("--ray", "ray://head:1"), "--ray needs auto"),
        (("--ray", "auto", "--device", "cuda:1"), "'cuda:1'"),
    ],
)
def test_a_cluster_that_cannot_be_is_one_line_and_writes_nothing(
    words, said, data, tmp_path, capsys
):
    assert run(data, tmp_path / "out", *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()
