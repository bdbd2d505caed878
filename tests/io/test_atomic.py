import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from voxclick.errors import InputError, OutputError
from voxclick.io.atomic import check_writable, whole

WRITE_TOO_MUCH = """
import resource, sys
import numpy as np
from voxclick import io
from voxclick.errors import OutputError
from voxclick.geometry import Grid
from voxclick.volume import LabelMap
array = np.random.default_rng(0).integers(0, 255, (60, 60, 60)).astype(np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    io.write(LabelMap(array, Grid(array.shape, np.eye(4))), sys.argv[1])
except OutputError as error:
    print(error)
"""


def write_half(path: Path, error: BaseException) -> None:
    with whole(path, path.suffix) as part:
        part.write_text("half")
        raise error


def test_what_was_written_appears_under_its_name(tmp_path: Path) -> None:
    with whole(tmp_path / "a.txt", ".txt") as part:
        part.write_text("all")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "all"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_temporary_file_has_the_ending(tmp_path: Path) -> None:
    with whole(tmp_path / "a.nii.gz", ".nii.gz") as part:
        part.write_text("all")
        assert part.name.endswith(".nii.gz")


def test_the_file_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    with whole(tmp_path / "a", "") as part:
        part.write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    error: type[BaseException], tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(error):
        write_half(tmp_path / "a", error())
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_in_plain_words(number: int, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.nii: the disk is full") as caught:
        write_half(tmp_path / "a.nii", OSError(number, "told by the system"))
    assert caught.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_wrong_input_found_while_writing_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="label 300"), whole(tmp_path / "a", ""):
        raise InputError("label 300")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"no folder {tmp_path}/none"):
        check_writable(tmp_path / "none" / "a.nii")


def test_a_folder_is_no_file_name(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="got the folder"):
        check_writable(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="no folder"):
        check_writable(tmp_path / "file" / "a.nii")


@pytest.mark.parametrize("name", ["x" * 300 + ".nii", "a\0b.nii"])
def test_a_name_that_no_file_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError), whole(tmp_path / name, ".nii") as part:
        part.write_text("x")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="can be written"):
        check_writable(tmp_path / "a.nii")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".seg.nrrd", ".mha", ".npz"])
def test_a_file_that_cannot_grow_is_one_line_and_no_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    ran = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, path], capture_output=True, check=True, text=True
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith(f"cannot write {path}: ")
    assert ran.stdout.count("\n") == 1
    assert not list(tmp_path.iterdir())
