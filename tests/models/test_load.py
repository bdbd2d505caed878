import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_family import add_to_table, row

import voxclick as vc
from voxclick.errors import FileFormatError, MissingFileError, OptionError, UnknownNameError
from voxclick.models import MODELS, load, model_row, ready_row
from voxclick.models.base import Segmenter
from voxclick.models.builtin import weights as builtin_weights
from voxclick.models.builtin.network import Widths
from voxclick.models.weights import read_weights, save_weights

NAMES = [row.name for row in MODELS]


@pytest.mark.parametrize("name", [row.name for row in MODELS if row.checkpoint is None])
def test_every_model_that_needs_no_download_loads_by_its_name(name: str) -> None:
    segmenter = load(name, "cpu")
    assert isinstance(segmenter, Segmenter)
    assert segmenter.spec.name == name
    assert segmenter.device == torch.device("cpu")


def test_no_name_is_the_first_of_the_table() -> None:
    assert vc.load(device="cpu").spec.name == MODELS[0].name
    assert model_row() == MODELS[0]


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", ["", "Geodesic", "sam", "geodesic ", "../geodesic"])
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"one of {', '.join(NAMES)}, got {name!r}"
    ) as caught:
        load(name)
    assert "\n" not in str(caught.value)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A family of two models in the table; gives the folder of the store."""
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path))
    add_to_table(monkeypatch, row("tiny-a"), row("tiny-b"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def tiny_weights(path: Path) -> Path:
    save_weights(path, {"tolerance": torch.tensor([50.0])}, {"voxclick": "tiny_family"})
    return path


def test_hyphens_and_underscores_are_one(tiny: Path) -> None:
    assert model_row("tiny_b").name == model_row("tiny-b").name == "tiny-b"


def test_a_family_is_its_first_model_that_is_here(tiny: Path) -> None:
    assert model_row("tiny_family").name == "tiny-a"
    tiny_weights(tiny / "tiny-b.safetensors")
    assert model_row("tiny_family").name == model_row("tiny-family").name == "tiny-b"
    assert load("tiny_family", "cpu").spec.name == "tiny-b"


def test_a_model_without_its_weights_says_how_to_get_them(tiny: Path) -> None:
    with pytest.raises(MissingFileError, match="get them with: voxclick fetch tiny-a"):
        load("tiny-a", "cpu")


def test_a_file_of_weights_finds_its_family_by_its_header(tiny: Path, tmp_path: Path) -> None:
    path = tiny_weights(tmp_path / "mine.safetensors")
    segmenter = load(path, "cpu")
    assert segmenter.spec.name == str(path)
    assert ready_row(str(path)).prompts == ("point",)
    vc.Session("sample", load(str(path), "cpu"))


def test_a_file_of_another_family_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="is of 'tiny_family'; use a newer voxclick"):
        load(tiny_weights(tmp_path / "mine.safetensors"))


@pytest.mark.parametrize("header", [{"voxclick": "builtin"}, {}])
def test_what_training_of_the_builtin_network_left_loads(
    tmp_path: Path, header: dict[str, str]
) -> None:
    packaged = Path(builtin_weights.__file__).with_name(builtin_weights.PACKAGED)
    tensors, before = read_weights(packaged)
    save_weights(tmp_path / "mine.safetensors", tensors, {"widths": before["widths"], **header})
    assert load(tmp_path / "mine.safetensors", "cpu").network.widths == Widths()


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(OptionError, match="got 'gpu'"):
        load(device="gpu")


def test_the_table_of_models_is_read_without_torch() -> None:
    code = "import sys, voxclick.models; voxclick.models.model_row(); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
