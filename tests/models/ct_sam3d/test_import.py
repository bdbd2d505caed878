"""The published file on its way into the store, and the model that comes out of it."""

import os
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from published_ct_sam3d import SMALL, lively

import voxclick as vc
from voxclick.cli import main
from voxclick.errors import FileFormatError
from voxclick.models.ct_sam3d import convert
from voxclick.models.ct_sam3d.segmenter import CtSam3dSegmenter


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variants that are recognised, and a small one."""
    monkeypatch.setattr(convert, "VARIANTS", {**convert.VARIANTS, "small test": SMALL})


def published(path: Path, **more: object) -> Path:
    """A file as the authors' trainer writes it."""
    weights = OrderedDict(lively().state_dict())
    told = {"epoch_index": 1000, "batch_index": 0, "net_name": "restv2_tiny", "in_channels": 1}
    torch.save({**told, "model_state_dict": weights, **more}, path)
    return path


def test_a_published_file_becomes_a_model(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = published(tmp_path / "params.pth", extra=[1, 2])
    assert main(["fetch", "ct_sam3d", "--from", str(path)]) == 0
    assert "ct-sam3d.safetensors" in capsys.readouterr().out
    model = vc.load("ct-sam3d", "cpu")
    assert isinstance(model, CtSam3dSegmenter)
    assert model.spec.name == "ct-sam3d"
    for name, values in lively().state_dict().items():
        assert torch.equal(model.network.state_dict()[name], values), name
    array = np.random.default_rng(0).normal(0, 100, (40, 40, 40))
    array[0, 0, 0] = -1000
    session = vc.Session(vc.Volume(array.astype(np.int16), vc.Grid(array.shape, np.eye(4))), model)
    session.add(vc.Point((20, 20, 20)))
    assert session.mask().array[20, 20, 20]


class Harmful:
    def __reduce__(self) -> object:
        return (os.system, ("touch harmed",))


def test_a_file_that_could_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    path = published(tmp_path / "params.pth", cfg=Harmful())
    assert main(["fetch", "ct-sam3d", "--from", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "system" in told
    assert not (tmp_path / "harmed").exists()
    with pytest.raises(FileFormatError):
        convert.import_checkpoint(path)


def test_what_is_odd_about_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    weights = OrderedDict(lively().state_dict())
    weights["reduce.weight"] = torch.zeros(2)
    for name in [name for name in weights if name.startswith("cpp_predictor.")]:
        del weights[name]
    torch.save({"model_state_dict": weights}, tmp_path / "params.pth")
    assert main(["fetch", "ct-sam3d", "--from", str(tmp_path / "params.pth")]) == 0
    assert "reduce.weight" in capsys.readouterr().err
    model = vc.load("ct-sam3d", "cpu")
    assert isinstance(model, CtSam3dSegmenter)
    assert not model.network.has_cross_patch


def test_a_file_without_its_decoder_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    weights = OrderedDict(lively().state_dict())
    del weights["mask_decoder.spade3.conv_0.weight"]
    torch.save({"model_state_dict": weights}, tmp_path / "params.pth")
    assert main(["fetch", "ct-sam3d", "--from", str(tmp_path / "params.pth")]) == 2
    assert "mask_decoder.spade3.conv_0.weight" in capsys.readouterr().err
