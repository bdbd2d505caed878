"""`voxclick info`."""

import json

import numpy as np
import pytest
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cli import main


@pytest.mark.parametrize("name", GRIDS)
def test_an_image_is_described_as_json(name, tmp_path, capsys):
    volume, _ = bright_ball(GRIDS[name], (20, 18, 16), 9.0)
    path = vc.write(volume, tmp_path / "image.nii.gz")
    assert main(["info", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shape"] == [40, 36, 32]
    assert told["orientation"] == volume.grid.orientation
    np.testing.assert_allclose(told["spacing_mm"], volume.grid.spacing_mm, atol=1e-5)
    np.testing.assert_allclose(told["affine"], volume.grid.affine, atol=1e-4)
    assert told["type"] == "float32"
    assert told["format"] == "nifti"
    assert told["intensities"]["minimum"] == pytest.approx(volume.array.min(), rel=1e-4)
    assert told["intensities"]["maximum"] == pytest.approx(volume.array.max(), rel=1e-4)


def test_an_image_is_described_for_people(tmp_path, capsys):
    volume, _ = bright_ball(GRIDS["anisotropic"], (20, 18, 16), 9.0)
    path = vc.write(volume, tmp_path / "image.nii.gz")
    assert main(["info", str(path)]) == 0
    told = capsys.readouterr()
    assert "40 x 36 x 32 voxels" in told.out
    assert "0.8 x 0.8 x 3 mm" in told.out
    assert "RAS" in told.out
    assert told.err == ""


@pytest.mark.slow
def test_several_series_are_listed_and_one_can_be_chosen(data_dir, tmp_path, capsys):
    for name in ("dcmqi_ct3", "totalseg_ct"):
        for place, source in enumerate(sorted((data_dir / "dicom" / name).rglob("*.dcm"))):
            (tmp_path / f"{name}_{place}.dcm").write_bytes(source.read_bytes())
    assert main(["info", str(tmp_path), "--json"]) == 0
    series = json.loads(capsys.readouterr().out)["series"]
    assert sorted(one["slices"] for one in series) == [3, 20]
    assert main(["info", str(tmp_path)]) == 0
    assert all(one["uid"] in capsys.readouterr().out for one in series[:1])
    large = next(one["uid"] for one in series if one["slices"] == 20)
    assert main(["info", str(tmp_path), "--series", large, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == [512, 512, 20]
