"""Outputs are checked before the work."""

import numpy as np
import pytest

import voxclick as vc
from voxclick.cli.output import check_outputs, check_source, write_bytes
from voxclick.cli.segment import Segment
from voxclick.errors import InputError, OptionError, OutputError
from voxclick.volume import Source


def options(folder, output="out.nii.gz", image="image.nii.gz", **more):
    return Segment(str(folder / image), folder / output, **more)


def test_paths_that_can_be_written_pass_and_leave_nothing(tmp_path):
    more = {"report": tmp_path / "a.json", "preview": tmp_path / "b.PNG"}
    check_outputs(options(tmp_path, **more, save_prompts=tmp_path / "c.json"))
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
        check_outputs(options(tmp_path, **rest, **files))


def test_a_dicom_segmentation_needs_a_dicom_series(tmp_path):
    grid = vc.Grid((2, 2, 2), np.eye(4))
    plain = vc.Volume(np.zeros((2, 2, 2)), grid, Source(tmp_path, "nifti"))
    series = vc.Volume(np.zeros((2, 2, 2)), grid, Source(tmp_path, "dicom_series", "1.2"))
    check_source(options(tmp_path), plain)
    check_source(options(tmp_path, "out.dcm"), series)
    with pytest.raises(OptionError, match="nifti"):
        check_source(options(tmp_path, "out.dcm"), plain)


def test_bytes_appear_whole_and_replace_what_was_there(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")
    write_bytes(b"new", path)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
