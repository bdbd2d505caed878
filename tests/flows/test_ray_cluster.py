"""Cohorts on two Ray nodes with a worker killed in their midst: nothing lost, nothing doubled."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from data_sets import break_case, write_case
from ray_clusters import one_killed, two_nodes

import voxclick as vc
from voxclick.cli import main

pytestmark = pytest.mark.slow
CASES = ("a", "bb", "ccc", "dddd", "eeeee", "ffffff")
OPTIONS = ["--model", "geodesic", "--device", "cpu"]


@pytest.fixture(scope="module")
def cluster():
    with two_nodes() as made:
        yield made


def rows(path, *left_out):
    with path.open(newline="") as file:
        return [
            {name: value for name, value in line.items() if name not in left_out}
            for line in csv.DictReader(file)
        ]


def lines(path):
    return path.read_text().count("\n") if path.exists() else 0


def test_an_evaluation_gives_the_rows_of_a_local_one(cluster, tmp_path, capsys):
    for name in CASES:
        write_case(tmp_path / "data" / name)
    command = ["evaluate", str(tmp_path / "data"), *OPTIONS, "--clicks", "2", "--pictures", "0"]
    assert main([*command, "-o", str(tmp_path / "here"), "--workers", "1"]) == 0
    table = tmp_path / "there" / "results.csv"
    with one_killed(lambda: lines(table) > 1) as killed:
        code = main([*command, "-o", str(tmp_path / "there"), "--ray", cluster.address])
    assert code == 0
    assert len(killed) == 1
    assert rows(table, "seconds") == rows(tmp_path / "here" / "results.csv", "seconds")
    record = (table.parent / "cases.jsonl").read_text()
    ended = [json.loads(line)["case"] for line in record.splitlines()]
    assert sorted(ended) == list(CASES)
    told = capsys.readouterr()
    assert "note: 1 worker lost; what" in told.err
    assert "failed" not in told.err


def test_a_batch_gives_the_masks_of_a_local_one_and_names_what_is_broken(cluster, tmp_path, capsys):
    for name in CASES:
        write_case(tmp_path / name)
    break_case(tmp_path / "bad")
    listed = tmp_path / "list.csv"
    entries = (f'{name}/image.nii.gz,{name}.nii.gz,"10,10,10"' for name in (*CASES, "bad"))
    listed.write_text("\n".join(("image,output,point", *entries)))
    command = ["segment", "--batch", str(listed), *OPTIONS]
    here, there = tmp_path / "here", tmp_path / "there"
    assert main([*command, "-o", str(here), "--workers", "1"]) == 1
    masks = {name: vc.read_mask(tmp_path / f"{name}.nii.gz").array for name in CASES}
    for name in CASES:
        (tmp_path / f"{name}.nii.gz").unlink()
    with one_killed(lambda: lines(there / "batch.jsonl") > 0) as killed:
        assert main([*command, "-o", str(there), "--ray", cluster.address]) == 1
    assert len(killed) == 1
    for name, array in masks.items():
        np.testing.assert_array_equal(vc.read_mask(tmp_path / f"{name}.nii.gz").array, array)
    assert rows(there / "batch.csv", "seconds") == rows(here / "batch.csv", "seconds")
    assert lines(there / "batch.jsonl") == len(CASES)
    assert "row 7 (line 8) of list.csv" in capsys.readouterr().err
    assert not list(tmp_path.glob(".voxclick-*"))
    assert main([*command, "-o", str(there), "--ray", cluster.address]) == 1
    assert "6 of 7 images segmented, 6 of them before" in capsys.readouterr().out


def test_a_cluster_made_for_the_run_is_silent_and_leaves_nothing(tmp_path):
    write_case(tmp_path / "a")
    listed = tmp_path / "list.csv"
    listed.write_text('image,point\na/image.nii.gz,"10,10,10"\n')
    words = ["segment", "--batch", str(listed), *OPTIONS, "--ray", "local", "--workers", "1"]
    (tmp_path / "home").mkdir()
    settings = {name: said for name, said in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-m", "voxclick.cli", *words],
        env={**settings, "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"1 of 1 images segmented -> {tmp_path / 'list' / 'batch.csv'}\n"
    assert not [line for line in done.stderr.splitlines() if not line.startswith("voxclick: ")]
    assert not (tmp_path / "home" / ".ray").exists()
