"""Outputs are checked before the work."""

import pytest

from voxclick.cli.output import check_outputs, write_bytes
from voxclick.cli.segment import Segment
from voxclick.errors import InputError, OptionError, OutputError


def check(folder, output="out.nii.gz", image="image.nii.gz", **more):
    options = Segment(str(folder / image), folder / output, **more)
    check_outputs(options.request, options)


def test_paths_that_can_be_written_pass_and_leave_nothing(tmp_path):
    more = {"report": tmp_path / "a.json", "preview": tmp_path / "b.PNG"}
    check(tmp_path, **more, save_prompts=tmp_path / "c.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"output": "image.nii.gz"}, OutputError),
        ({"output": "sub/../image.nii.gz"}, OutputError),
        ({"image": "run.json", "report": "run.json"}, OutputError),
        ({"report": "run.txt"}, OptionError),
        ({"preview": "picture.jpg"}, OptionError),
        ({"report": "run.json", "save_prompts": "run.json"}, OptionError),
        ({"report": "nowhere/run.json"}, OutputError),
        ({"output": "out.dat"}, InputError),
    ],
)
def test_paths_that_cannot_be_are_refused(more, error, tmp_path):
    (tmp_path / "sub").mkdir()
    files = {key: tmp_path / value for key, value in more.items() if key not in ("output", "image")}
    rest = {key: value for key, value in more.items() if key in ("output", "image")}
    with pytest.raises(error):
        check(tmp_path, **rest, **files)


def test_bytes_appear_whole_and_replace_what_was_there(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")
    write_bytes(b"new", path)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
