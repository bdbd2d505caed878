"""`voxclick segment` and `voxclick info` on OME-Zarr images."""

import numpy as np
import pytest
import zarr
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cli import main

CENTRE = (20.0, 18.0, 16.0)
CLICK = ("--point", "20,18,16")


@pytest.fixture
def two_channels(tmp_path):
    """An image of two channels, of which the second shows a ball."""
    volume, truth = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    path = vc.write(volume, tmp_path / "one.ome.zarr")
    told = zarr.open_group(path, mode="r").attrs.asdict()
    scales = told["ome"]["multiscales"][0]
    scales["axes"].insert(0, {"name": "c", "type": "channel"})
    for step, kind in zip(
        scales["datasets"][0]["coordinateTransformations"], ("scale", "translation"), strict=True
    ):
        step[kind].insert(0, 1.0 if kind == "scale" else 0.0)
    group = zarr.create_group(tmp_path / "two.ome.zarr", attributes=told)
    array = np.stack([np.zeros_like(volume.array), volume.array]).transpose(0, 3, 2, 1)
    group.create_array("0", data=array, chunks=(1, 16, 16, 16))
    return tmp_path / "two.ome.zarr", truth


def test_a_channel_is_segmented_into_a_folder(two_channels, tmp_path, capsys):
    image, truth = two_channels
    out = tmp_path / "mask.ome.zarr"
    assert main(["segment", str(image), "-o", str(out), *CLICK, "--series", "c=1"]) == 0
    mask = vc.read_mask(out)
    assert 2 * (mask.array & truth.array).sum() / (mask.voxels + truth.voxels) > 0.9
    assert mask.grid.matches(truth.grid)
    assert vc.read_labelmap(out).names == {1: "object"}
    assert capsys.readouterr().err == ""


def test_a_channel_that_is_not_chosen_is_asked_for_in_one_line(two_channels, tmp_path, capsys):
    image, _ = two_channels
    assert main(["segment", str(image), "-o", str(tmp_path / "m.nii.gz"), *CLICK]) == 2
    told = capsys.readouterr().err
    assert "--series c=0" in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "m.nii.gz").exists()


def test_info_tells_of_it(two_channels, capsys):
    image, _ = two_channels
    assert main(["info", str(image), "--series", "c=1"]) == 0
    assert "40 x 36 x 32" in capsys.readouterr().out


def test_info_needs_no_series_where_there_is_one_image(tmp_path, capsys):
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    assert main(["info", str(vc.write(volume, tmp_path / "one.ome.zarr"))]) == 0
    assert "ome_zarr" in capsys.readouterr().out


def test_a_folder_that_is_there_is_not_written_over(two_channels, tmp_path, capsys):
    image, _ = two_channels
    words = ["segment", str(image), "-o", str(image), *CLICK, "--series", "c=1"]
    assert main(words) == 2
    assert "remove it first" in capsys.readouterr().err
