"""`voxclick segment --batch`."""

import numpy as np
import pytest
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cli import main


@pytest.fixture
def listed(tmp_path):
    image = bright_ball(GRIDS["straight"], (20.0, 18.0, 16.0), 6.0)[0]
    for name in "ab":
        vc.write(image, tmp_path / f"{name}.nii.gz")
    (tmp_path / "some.csv").write_text(
        'image,point\na.nii.gz,"20,18,16"\nb.nii.gz,"20,18,16 21,18,16"\n'
    )
    return tmp_path / "some.csv"


def run(listed, *words):
    quick = ("--model", "geodesic", "--device", "cpu")
    return main(["segment", "--batch", str(listed), *quick, *map(str, words)])


def test_the_masks_lie_beside_the_list_unless_told(listed, tmp_path, capsys):
    assert run(listed, "--workers", "1") == 0
    told = capsys.readouterr()
    assert told.out == f"2 of 2 images segmented -> {tmp_path / 'some' / 'batch.csv'}\n"
    assert told.err == ""
    assert vc.read_mask(tmp_path / "some" / "b.nii.gz").voxels > 0
    assert run(listed, "-o", tmp_path / "some") == 0
    assert "2 of 2 images segmented, 2 of them before" in capsys.readouterr().out


def test_a_failed_row_is_named_and_the_exit_code_is_1(listed, tmp_path, capsys):
    (tmp_path / "b.nii.gz").write_text("no image")
    assert run(listed, "--workers", "1", "-o", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert told.out.startswith("1 of 2 images segmented -> ")
    (line,) = told.err.splitlines()
    assert line.startswith("voxclick: failed: row 2 (line 3) of some.csv, ")


@pytest.mark.slow
def test_processes_say_nothing_on_the_terminal(listed, tmp_path, capfd):
    broken = np.array(vc.read(tmp_path / "a.nii.gz").array, dtype=np.float32)
    broken[0, 0, 0] = np.nan
    vc.write(vc.Volume(broken, vc.read(tmp_path / "a.nii.gz").grid), tmp_path / "a.nii")
    listed.write_text('image,point\na.nii,"20,18,16"\nb.nii.gz,"20,18,16"\n')
    assert run(listed, "--workers", "2", "-o", tmp_path / "out") == 0
    assert "NaN" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ct.nii.gz",), "got IMAGE"),
        (("--point", "1,2,3"), "got --point"),
        (("--negative-scribble", "a.csv"), "got --negative-scribble"),
        (("--report", "a.json"), "got --report"),
        (("--workers", "-2"), "workers must be 0 or more, got -2"),
        (("--ray", "ray://head:1"), "--ray needs auto"),
        (("--ray", "127.0.0.1:1"), "nothing at 127.0.0.1:1"),
        (("--device", "cuda:7", "--ray", "auto"), "'cuda:7'"),
        (("--growth", "sideways"), "'sideways'"),
        (("-o", "no/where"), "no/where"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(words, said, listed, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    assert run(listed, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "words", [("--workers", "2"), ("--ray", "auto"), ("--ray", "local"), ("--restart",)]
)
def test_options_of_a_batch_are_refused_without_one(words, tmp_path, capsys):
    output = tmp_path / "mask.nii.gz"
    assert main(["segment", "sample", "-o", str(output), "--point", "79,127,94", *words]) == 2
    assert f"{words[0]} is for many images" in capsys.readouterr().err
    assert not output.exists()
