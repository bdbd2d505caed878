"""`voxclick fetch --image-size`."""

from pathlib import Path

import pytest
import torch
from published_edgetam import narrow as narrow_edgetam
from published_sam2 import TINY_SIZES, narrow

import voxclick as vc
from voxclick.cli import main
from voxclick.models.sam2_slices.architecture import trunk_of
from voxclick.models.sam2_slices.convert import FAMILY
from voxclick.models.sam2_slices.names import in_library
from voxclick.models.sam2_slices.segmenter import Sam2SlicesSegmenter
from voxclick.models.weights import read_weights, save_weights


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a small SAM 2 that looks at 1024 pixels."""
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    tensors = in_library(narrow())
    trunk = trunk_of(tensors, TINY_SIZES)
    path = tmp_path / "small.safetensors"
    header = {"voxclick": FAMILY, "image_size": "1024", "trunk": trunk.to_json()}
    save_weights(path, tensors, header)
    return path


def size_of(name: str) -> int:
    model = vc.load(name, "cpu")
    assert isinstance(model, Sam2SlicesSegmenter)
    return model.network.frame_size


@pytest.mark.slow
def test_frames_may_be_smaller_than_those_the_weights_were_trained_on(small: Path) -> None:
    assert main(["fetch", "sam2.1-tiny", "--from", str(small)]) == 0
    assert size_of("sam2.1-tiny") == 1024
    assert main(["fetch", "sam2.1-tiny", "--image-size", "512"]) == 0
    assert size_of("sam2.1-tiny") == 512
    assert main(["fetch", "sam2.1-tiny", "--from", str(small), "--image-size", "64"]) == 0
    assert size_of("sam2.1-tiny") == 64


def test_a_size_that_no_network_looks_at_is_refused(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "sam2.1-tiny", "--from", str(small), "--image-size", "500"]) == 2
    assert "multiple of 32" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_of_larger_windows_take_larger_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    torch.save({"model": narrow_edgetam(grid=16)}, tmp_path / "edgetam.pt")
    assert main(["fetch", "--from", str(tmp_path / "edgetam.pt")]) == 0
    assert size_of("edgetam") == 1024
    assert main(["fetch", "edgetam", "--image-size", "512"]) == 0
    assert size_of("edgetam") == 512
    capsys.readouterr()
    assert main(["fetch", "edgetam", "--image-size", "320"]) == 2
    assert "a multiple of 256 from 256 up, got 320" in capsys.readouterr().err
    assert size_of("edgetam") == 512


def test_an_odd_step_in_a_header_is_told(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "odd.safetensors"
    tensors, header = read_weights(small)
    save_weights(odd, tensors, {**header, "image_step": "0"})
    assert main(["fetch", "sam2.1-tiny", "--from", str(odd), "--image-size", "512"]) == 2
    assert "image_step as a number from 1 up, got '0'" in capsys.readouterr().err
