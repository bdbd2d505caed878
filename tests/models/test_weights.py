import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_family import row

from voxclick.errors import FileFormatError, MissingFileError, OutputError
from voxclick.models import model_row
from voxclick.models.weights import (
    family_of,
    home,
    place,
    presence,
    read_header,
    read_weights,
    save_weights,
    stored,
)

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.float16)}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_weights_come_back_as_they_were_with_their_header(store: Path) -> None:
    save_weights(store / "w.safetensors", WEIGHTS, {"voxclick": "tiny"})
    tensors, header = read_weights(store / "w.safetensors")
    assert header == {"voxclick": "tiny"}
    assert read_header(store / "w.safetensors") == header
    assert family_of(store / "w.safetensors") == "tiny"
    for name, value in WEIGHTS.items():
        assert tensors[name].dtype == value.dtype
        assert torch.equal(tensors[name], value)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_weights_are_readable_by_whom_any_other_new_file_is(store: Path) -> None:
    (store / "other").write_text("")
    save_weights(store / "w.safetensors", WEIGHTS, {})
    assert (store / "w.safetensors").stat().st_mode == (store / "other").stat().st_mode


def test_tensors_that_share_memory_or_are_turned_are_written_whole(store: Path) -> None:
    base = torch.arange(6.0).reshape(2, 3)
    save_weights(store / "w.safetensors", {"a": base, "b": base[0], "c": base.T}, {})
    tensors, _ = read_weights(store / "w.safetensors")
    assert torch.equal(tensors["b"], base[0])
    assert torch.equal(tensors["c"], base.T)


def test_what_fails_leaves_the_weights_before(store: Path) -> None:
    save_weights(store / "w.safetensors", WEIGHTS, {})
    with pytest.raises(TypeError):
        save_weights(store / "w.safetensors", WEIGHTS, {"size": 3})  # type: ignore[dict-item]
    assert read_weights(store / "w.safetensors")[0].keys() == WEIGHTS.keys()
    assert [path.name for path in store.iterdir()] == ["w.safetensors"]
    with pytest.raises(OutputError):
        save_weights(store / "none" / "w.safetensors", WEIGHTS, {})


def test_weights_that_were_never_fetched_are_asked_for_by_the_command(store: Path) -> None:
    with pytest.raises(MissingFileError, match=r"voxclick fetch tiny-a$"):
        stored(row("tiny-a"))
    assert presence(row("tiny-a")) == "absent"
    save_weights(store / "tiny-a.safetensors", WEIGHTS, {})
    assert stored(row("tiny-a")) == place(row("tiny-a")) == store / "tiny-a.safetensors"
    assert presence(row("tiny-a")) == "here"


def test_models_that_need_no_download_say_so() -> None:
    assert presence(model_row("builtin")) == "packaged"
    assert presence(model_row("geodesic")) == "none"


@pytest.mark.parametrize(
    ("system", "variable", "ending"),
    [
        ("linux", "XDG_CACHE_HOME", "voxclick"),
        ("win32", "LOCALAPPDATA", "voxclick"),
        ("linux", "", ".cache/voxclick"),
        ("darwin", "", "Library/Caches/voxclick"),
        ("win32", "", "AppData/Local/voxclick"),
    ],
)
def test_the_store_lies_in_the_cache_folder_of_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, variable: str, ending: str
) -> None:
    for name in ("VOXCLICK_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert home() == tmp_path / ending


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 100])
def test_a_file_that_holds_no_weights_is_refused_in_one_line(store: Path, content: bytes) -> None:
    path = store / "w.safetensors"
    path.write_bytes(content)
    for read in (read_weights, read_header, family_of):
        with pytest.raises(FileFormatError, match="voxclick fetch NAME --from") as caught:
            read(path)
        assert "\n" not in str(caught.value)
        with pytest.raises(MissingFileError, match="nothing there"):
            read(store / "none.safetensors")


def test_weights_of_nobody_are_to_be_imported_first(store: Path) -> None:
    save_weights(store / "w.safetensors", WEIGHTS, {"format": "pt"})
    with pytest.raises(FileFormatError, match=r'tells \["format"\]; import it first'):
        family_of(store / "w.safetensors")


def test_looking_for_weights_loads_no_torch() -> None:
    code = (
        "import sys; from voxclick.models import MODELS, model_row; "
        "from voxclick.models.weights import presence; "
        "[presence(row) for row in MODELS]; print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
