"""Whole batches."""

import csv
import json
import os

import numpy as np
import pytest
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cohort.staff import Staff
from voxclick.errors import OptionError, OutputError, UnknownNameError
from voxclick.request.batch import Batch, segment_batch
from voxclick.request.batch_work import Segmenting, Task
from voxclick.request.request import Request

CENTRE = (20.0, 18.0, 16.0)


@pytest.fixture
def listed(tmp_path):
    """A list of three bright balls and, in their midst, a file that is no image."""
    lines = ["image,point,name"]
    for name in ("a", "b", "broken", "c"):
        image = tmp_path / f"{name}.nii.gz"
        if name == "broken":
            image.write_text("this is no image")
        else:
            vc.write(bright_ball(GRIDS["straight"], CENTRE, 6.0)[0], image)
        lines.append(f'{image.name},"20,18,16",ball')
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines))
    return path


def run(path, output, watch=None, restart=False, workers=1, **options):
    batch = Batch(path, output, **{"model": "geodesic", "staff": Staff("cpu", workers), **options})
    return segment_batch(batch, restart, watch)


def table(output):
    with (output / "batch.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def entries(output):
    return [json.loads(line) for line in (output / "batch.jsonl").read_text().splitlines()]


def made(output):
    return {path.name: path.stat().st_mtime_ns for path in output.glob("*.nii.gz")}


def test_a_broken_image_is_named_and_the_rest_goes_on(listed, tmp_path):
    finished = run(listed, tmp_path / "out")
    assert (finished.done, finished.before) == (3, 0)
    ((row, reason),) = finished.failed
    assert row.number == 3
    assert "broken.nii.gz" in reason
    rows = table(tmp_path / "out")
    assert [one["status"] for one in rows] == ["done", "done", "failed", "done"]
    assert "broken.nii.gz" in rows[2]["note"]
    assert rows[0]["objects"] == "ball"
    mask = vc.read_mask(tmp_path / "out" / "a.nii.gz")
    assert float(rows[0]["volume_ml"]) == pytest.approx(mask.volume_ml)
    alone = vc.segment(tmp_path / "a.nii.gz", [vc.Point(CENTRE)], "geodesic")
    np.testing.assert_array_equal(mask.array, alone.array)


def test_the_same_call_again_does_only_what_failed(listed, tmp_path):
    run(listed, tmp_path / "out")
    before = made(tmp_path / "out")
    vc.write(bright_ball(GRIDS["straight"], CENTRE, 6.0)[0], tmp_path / "broken.nii.gz")
    finished = run(listed, tmp_path / "out")
    assert (finished.done, finished.before, finished.failed) == (4, 3, ())
    assert before.items() <= made(tmp_path / "out").items()
    assert len(entries(tmp_path / "out")) == 4


def test_what_changed_is_done_again_and_recorded_once(listed, tmp_path):
    run(listed, tmp_path / "out")
    (tmp_path / "out" / "b.nii.gz").unlink()
    vc.write(bright_ball(GRIDS["straight"], CENTRE, 9.0)[0], tmp_path / "a.nii.gz")
    listed.write_text(listed.read_text().replace('c.nii.gz,"20', 'c.nii.gz,"21'))
    assert run(listed, tmp_path / "out").before == 0
    assert run(listed, tmp_path / "out").before == 3
    outputs = [entry["output"] for entry in entries(tmp_path / "out")]
    assert len(outputs) == len(set(outputs)) == 3


def test_a_run_that_was_ended_goes_on_where_it_stopped(listed, tmp_path):
    def stop(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(listed, tmp_path / "out", stop)
    assert [one["status"] for one in table(tmp_path / "out")] == [
        "done",
        "done",
        "not reached",
        "not reached",
    ]
    before = made(tmp_path / "out")
    with (tmp_path / "out" / "batch.jsonl").open("a") as record:
        record.write('{"output": "brok')
    finished = run(listed, tmp_path / "out")
    assert (finished.done, finished.before) == (3, 2)
    assert before.items() <= made(tmp_path / "out").items()


def test_beginning_anew_does_all_again(listed, tmp_path):
    run(listed, tmp_path / "out")
    assert run(listed, tmp_path / "out", restart=True).before == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"model": "deep"}, UnknownNameError),
        ({"growth": "sideways"}, UnknownNameError),
        ({"staff": Staff("tpu")}, OptionError),
        ({"staff": Staff("cpu", ray="127.0.0.1:1")}, OptionError),
    ],
    ids=str,
)
def test_a_wrong_name_writes_nothing(listed, tmp_path, options, error):
    with pytest.raises(error):
        run(listed, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_masks_that_are_folders_are_made_again_and_those_of_others_never(listed, tmp_path):
    row = 'image,point,output\na.nii.gz,"%s",a.ome.zarr\n'
    listed.write_text(row % "20,18,16")
    assert run(listed, tmp_path / "out").done == 1
    assert run(listed, tmp_path / "out").before == 1
    listed.write_text(row % "21,18,16")
    assert run(listed, tmp_path / "out").before == 0
    assert run(listed, tmp_path / "out", restart=True).done == 1
    (tmp_path / "out" / "batch.jsonl").unlink()
    with pytest.raises(OutputError, match="where nothing is"):
        run(listed, tmp_path / "out")
    assert vc.read_mask(tmp_path / "a.ome.zarr").voxels > 0


def test_a_folder_that_an_ended_run_wrote_and_did_not_record_is_made_again(listed, tmp_path):
    listed.write_text('image,point,output\na.nii.gz,"20,18,16",a.ome.zarr\n')
    run(listed, tmp_path / "out")
    record = tmp_path / "out" / "batch.jsonl"
    begun, _ = record.read_text().splitlines()
    record.write_text(begun + "\n")
    again = run(listed, tmp_path / "out")
    assert (again.done, again.before) == (1, 0)


def test_a_wrong_row_writes_nothing(listed, tmp_path):
    listed.write_text(listed.read_text() + '\ngone.nii.gz,"1,2,3",x')
    with pytest.raises(FileNotFoundError, match="row 5"):
        run(listed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_batches_at_once_do_not_share_a_folder(listed, tmp_path):
    def start_another(progress):
        with pytest.raises(OptionError, match="another is at work"):
            run(listed, tmp_path / "out")

    run(listed, tmp_path / "out", start_another)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write anywhere")
def test_a_folder_that_cannot_be_written_is_an_error(listed, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError):
        run(listed, tmp_path / "out")


def test_a_prompt_outside_the_image_fails_its_row(listed, tmp_path):
    listed.write_text('image,point\na.nii.gz,"99,99,99"\nb.nii.gz,"20,18,16"\n')
    finished = run(listed, tmp_path / "out")
    assert [row.number for row, _ in finished.failed] == [1]
    assert "99" in finished.failed[0][1]


def test_a_row_given_up_is_a_failure_of_its_mask(tmp_path):
    task = Task("row 1", Request("a.nii", tmp_path / "m.nii"), "key")
    (told,) = Segmenting("geodesic").lost(task, "three died")
    assert (told.output, told.reason) == (str(tmp_path / "m.nii"), "three died")


@pytest.mark.slow
def test_the_masks_do_not_depend_on_the_number_of_workers(listed, tmp_path):
    run(listed, tmp_path / "one")
    run(listed, tmp_path / "two", workers=2)
    for name in made(tmp_path / "one"):
        one, two = (vc.read_mask(tmp_path / folder / name) for folder in ("one", "two"))
        np.testing.assert_array_equal(one.array, two.array)
    assert len(made(tmp_path / "two")) == 3
