"""Whole evaluations."""

import csv
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from data_sets import break_case, write_case
from region_growing import RegionGrowing as Narrow

from voxclick.errors import OptionError, UnknownNameError
from voxclick.evaluate.protocol import Protocol, make_protocol
from voxclick.evaluate.runner import Plan, evaluate

PROTOCOL = Protocol(clicks=2)


class RegionGrowing(Narrow):
    """Sees the whole of a small volume at once, and is quick."""

    spec = replace(Narrow.spec, patch=(64, 64, 64))


@pytest.fixture
def data(tmp_path):
    """Three cases of two objects."""
    for name in ("a", "b", "c"):
        write_case(tmp_path / "data" / name)
    return tmp_path / "data"


def rows(folder: Path, *left_out: str) -> list[dict[str, str]]:
    """The table of results without some columns."""
    with (folder / "results.csv").open(newline="") as file:
        return [
            {name: value for name, value in line.items() if name not in left_out}
            for line in csv.DictReader(file)
        ]


def seconds(folder: Path) -> dict[tuple[str, str], list[str]]:
    """What each object's prompts took: the mark of one computation."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows(folder):
        found.setdefault((row["case"], row["label"]), []).append(row["seconds"])
    return found


def run(data: Path, output: Path, segmenter=None, **options) -> None:
    watch, restart = options.pop("watch", None), options.pop("restart", False)
    plan = Plan(data, output, **{"protocol": PROTOCOL, "workers": 1, "pictures": 0, **options})
    return evaluate(plan, segmenter, restart=restart, watch=watch)


class Stop:
    """Ends a run, as Ctrl-C does, after so many objects."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, progress) -> None:
        if progress.objects == self.after:
            raise KeyboardInterrupt


def test_every_object_of_every_case_has_a_row_a_step(data, tmp_path):
    run(data, tmp_path / "out", RegionGrowing())
    told = [(row["case"], row["label"], row["name"], row["step"]) for row in rows(tmp_path / "out")]
    assert told == [
        (case, label, name, step)
        for case in "abc"
        for label, name in (("1", "liver"), ("2", "spleen"))
        for step in "12"
    ]


@pytest.mark.slow
def test_the_folder_holds_a_table_a_summary_and_a_page(data, tmp_path):
    summary = run(data, tmp_path / "out", RegionGrowing(), pictures=3)
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert told["total"]["objects"] == summary.total.objects == 6
    assert told["total"]["dice_last"] == pytest.approx(
        sum(float(row["dice"]) for row in rows(tmp_path / "out") if row["step"] == "2") / 6,
        abs=1e-6,
    )
    assert told["small"] == 3
    assert told["settings"]["clicks"] == 2
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 3


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_run_that_was_ended_goes_on_where_it_stopped(data, tmp_path, after):
    run(data, tmp_path / "whole", RegionGrowing())
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", RegionGrowing(), watch=Stop(after))
    before = seconds(tmp_path / "out")
    assert len(before) == after
    run(data, tmp_path / "out", RegionGrowing())
    assert rows(tmp_path / "out", "seconds") == rows(tmp_path / "whole", "seconds")
    assert before.items() <= seconds(tmp_path / "out").items()


def test_a_finished_run_is_not_done_again(data, tmp_path):
    run(data, tmp_path / "out", RegionGrowing())
    segmenter = RegionGrowing()
    once = (tmp_path / "out" / "results.csv").read_bytes()
    summary = run(data, tmp_path / "out", segmenter)
    assert segmenter.encoded == 0
    assert (tmp_path / "out" / "results.csv").read_bytes() == once
    assert summary.small == 3


def test_beginning_anew_does_it_again(data, tmp_path):
    run(data, tmp_path / "out", RegionGrowing())
    segmenter = RegionGrowing()
    run(data, tmp_path / "out", segmenter, restart=True, protocol=Protocol(clicks=1))
    assert segmenter.encoded > 0
    assert {row["step"] for row in rows(tmp_path / "out")} == {"1"}


def test_other_settings_are_refused(data, tmp_path):
    run(data, tmp_path / "out", RegionGrowing())
    with pytest.raises(OptionError, match="seed was 0 and is now 1"):
        run(data, tmp_path / "out", RegionGrowing(), protocol=Protocol(clicks=2, seed=1))


def test_two_runs_at_once_do_not_share_a_folder(data, tmp_path):
    def start_another(progress) -> None:
        with pytest.raises(OptionError, match="another is at work"):
            run(data, tmp_path / "out", RegionGrowing())

    run(data, tmp_path / "out", RegionGrowing(), watch=start_another)
    assert len(rows(tmp_path / "out")) == 12


def test_a_case_that_fails_is_told_and_tried_again(data, tmp_path):
    break_case(data / "bad")
    summary = run(data, tmp_path / "out", RegionGrowing())
    assert [failure.case for failure in summary.failures] == ["bad"]
    assert summary.total.objects == 6
    told = json.loads((tmp_path / "out" / "summary.json").read_text())["failures"]
    assert "image.nii.gz" in told[0]["reason"]
    write_case(data / "repaired")
    for name in ("image.nii.gz", "label.nii.gz"):
        (data / "repaired" / name).replace(data / "bad" / name)
    assert run(data, tmp_path / "out", RegionGrowing()).failures == ()
    assert {row["case"] for row in rows(tmp_path / "out")} == {"a", "b", "bad", "c"}


def test_bad_cases_are_told_and_the_rest_goes_on_and_nothing_counts_twice(data, tmp_path):
    write_case(data / "unlabelled")
    (data / "unlabelled" / "label.nii.gz").unlink()
    write_case(data / "empty")
    labels = nib.load(data / "empty" / "label.nii.gz")
    nothing = nib.Nifti1Image(np.zeros(labels.shape, np.uint8), labels.affine)
    nib.save(nothing, data / "empty" / "label.nii.gz")
    break_case(data / "b2")
    for _ in range(2):
        summary = run(data, tmp_path / "out", RegionGrowing())
        told = {failure.case: failure.reason for failure in summary.failures}
        assert set(told) == {"unlabelled", "empty", "b2"}
        assert "label.nii.gz" in told["unlabelled"]
        assert "needs labelled voxels" in told["empty"]
        assert summary.total.objects == 6
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"<td>{case}</td>" in page for case in told)


def test_labels_and_limits_choose_what_is_evaluated(data, tmp_path):
    options = {"protocol": Protocol(clicks=1, labels=("spleen",)), "limit": 2}
    run(data, tmp_path / "out", RegionGrowing(), **options)
    found = rows(tmp_path / "out")
    assert [row["name"] for row in found] == ["spleen", "spleen"]


def test_no_object_at_all_is_an_error_that_says_why(data, tmp_path):
    with pytest.raises(OptionError, match=r"kidney.*got none.*--labels"):
        run(data, tmp_path / "out", RegionGrowing(), protocol=Protocol(labels=("kidney",)))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"model": "deep"}, UnknownNameError),
        ({"device": "tpu"}, OptionError),
        ({"protocol": Protocol(user="nobody")}, UnknownNameError),
        ({"protocol": Protocol(first="nobody")}, UnknownNameError),
    ],
    ids=str,
)
def test_an_unknown_name_is_an_error_before_anything_is_written(data, tmp_path, wrong, error):
    with pytest.raises(error):
        run(data, tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_user_who_gives_what_the_model_does_not_take_is_an_error(data, tmp_path):
    class Clicks(RegionGrowing):
        spec = replace(RegionGrowing.spec, prompts=frozenset({"point"}))

    with pytest.raises(OptionError, match=r"'box' gives box, and the model .* takes point"):
        run(data, tmp_path / "out", Clicks(), protocol=Protocol(first="box"))


def test_a_box_before_the_clicks_is_step_zero(data, tmp_path):
    run(data, tmp_path / "out", RegionGrowing(), protocol=Protocol(clicks=1, first="box"))
    assert [row["step"] for row in rows(tmp_path / "out")] == ["0", "1"] * 6
    log = json.loads((tmp_path / "out" / "objects" / "a" / "1.json").read_text())
    assert [prompt["kind"] for prompt in log["objects"][0]["prompts"]] == ["box", "point"]


def test_a_published_protocol_writes_its_table_and_names_itself(data, tmp_path):
    protocol = make_protocol("ct-sam3d", {"unseen": ("spleen",)})
    run(data, tmp_path / "out", RegionGrowing(), protocol=protocol, limit=1)
    with (tmp_path / "out" / "structures.csv").open(newline="") as file:
        lines = {line["name"]: line for line in csv.DictReader(file)}
    last = [row for row in rows(tmp_path / "out") if row["name"] == "spleen"][-1]
    assert float(lines["spleen"]["dice_10"]) == pytest.approx(float(last["dice"]), abs=1e-6)
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (told["settings"]["protocol"], told["settings"]["leak"]) == ("ct-sam3d", "")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Protocol <b>ct-sam3d</b>" in page
    assert "dice_10" in page
    assert "leaky" not in page


@pytest.mark.parametrize("wrong", [{"workers": -1}, {"limit": 0}, {"pictures": -2}], ids=str)
def test_a_number_out_of_range_is_an_error(tmp_path, wrong):
    with pytest.raises(OptionError, match=str(next(iter(wrong.values())))):
        Plan(tmp_path, tmp_path, **wrong)


@pytest.mark.slow
def test_the_results_do_not_depend_on_the_number_of_workers(data, tmp_path):
    run(data, tmp_path / "one", workers=1)
    run(data, tmp_path / "two", workers=2)
    assert rows(tmp_path / "one", "seconds") == rows(tmp_path / "two", "seconds")


@pytest.mark.slow
def test_a_process_that_dies_loses_and_doubles_nothing(data, tmp_path):
    killed = []

    def kill_one(progress) -> None:
        if not killed:
            killed.extend(multiprocessing.active_children()[:1])
            killed[0].kill()

    summary = run(data, tmp_path / "out", workers=2, watch=kill_one)
    run(data, tmp_path / "whole", workers=1)
    assert summary.failures == ()
    assert rows(tmp_path / "out", "seconds") == rows(tmp_path / "whole", "seconds")


@pytest.mark.slow
def test_no_process_is_left_when_a_run_is_ended(data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", workers=2, watch=Stop(1))
    for child in multiprocessing.active_children():
        child.join(timeout=10)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
@pytest.mark.data
def test_real_cases_are_evaluated(data_dir, tmp_path):
    for case in ("sct_spinalcord/t2", "pyradiomics/breast1", "tptbox_spine/mri"):
        (tmp_path / "data" / case).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / case).symlink_to(data_dir / case, target_is_directory=True)
    protocol = Protocol(clicks=5, max_objects=2)
    summary = run(tmp_path / "data", tmp_path / "out", protocol=protocol)
    assert summary.failures == ()
    assert summary.total.objects == 4
    assert summary.total.dice_last > 0.5
    assert {part.name for part in summary.groups} == {
        "sct_spinalcord",
        "pyradiomics",
        "tptbox_spine",
    }
