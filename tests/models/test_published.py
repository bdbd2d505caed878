import os
import pickle
import sys
import threading
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.models.published import read_published

WEIGHTS = {"stem.weight": torch.arange(6.0).reshape(2, 3)}


class EasyDict(dict[str, Any]):
    """As the package of that name: each entry is an attribute as well."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        super().__setitem__(name, value)

    __setitem__ = __setattr__


class Stranger:
    """A class that no list of harmless things holds."""


class Hostile:
    """A pickle of it calls a function when it is read."""

    def __init__(self, function: Any, argument: str) -> None:
        self.called = (function, (argument,))

    def __reduce__(self) -> Any:
        return self.called


class Hiding:
    """A pickle of it is an ordered dictionary with an attribute in place of a method."""

    def __reduce__(self) -> Any:
        return OrderedDict, (), {"items": 5}, None, iter([("a", 1)])


@pytest.fixture
def easydict(monkeypatch: pytest.MonkeyPatch) -> type[EasyDict]:
    module = types.ModuleType("easydict")
    module.EasyDict = EasyDict  # type: ignore[attr-defined]
    monkeypatch.setattr(EasyDict, "__module__", "easydict")
    monkeypatch.setitem(sys.modules, "easydict", module)
    return EasyDict


def test_a_configuration_of_easydict_becomes_plain_dictionaries(
    tmp_path: Path, easydict: type[EasyDict]
) -> None:
    inner, config = easydict(), easydict()
    inner["depths"] = [1, 2, (3, None)]
    config["network"], config["rate"] = inner, 0.5
    torch.save({"model_state_dict": WEIGHTS, "cfg": config}, tmp_path / "params.pth")
    read = read_published(tmp_path / "params.pth")
    assert read["cfg"] == {"network": {"depths": [1, 2, (3, None)]}, "rate": 0.5}
    assert type(read["cfg"]) is dict
    assert torch.equal(read["model_state_dict"]["stem.weight"], WEIGHTS["stem.weight"])


@pytest.mark.parametrize(
    "number", [np.float32(0.25), np.float64(-3.5), np.int64(7), np.bool_(True), np.float16(2)]
)
def test_a_number_of_numpy_becomes_a_plain_one(tmp_path: Path, number: Any) -> None:
    torch.save({"best_val_loss": number}, tmp_path / "best.pth.tar")
    read = read_published(tmp_path / "best.pth.tar")["best_val_loss"]
    assert read == number
    assert type(read) in (float, int, bool)


def test_the_older_form_of_pytorch_is_read(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert read_published(tmp_path / "old.pth").keys() == WEIGHTS.keys()


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    assert torch.equal(
        read_published(tmp_path / "w.safetensors")["stem.weight"], WEIGHTS["stem.weight"]
    )


@pytest.mark.parametrize("form", ["zip", "older", "newer protocol", "bare"])
@pytest.mark.parametrize(
    ("function", "name"), [(os.system, f"{os.system.__module__}.system"), (eval, "builtins.eval")]
)
def test_a_pickle_that_calls_something_is_refused_by_its_name_and_calls_nothing(
    tmp_path: Path, function: Any, name: str, form: str
) -> None:
    trace, path = tmp_path / "ran", tmp_path / "evil.pt"
    command = f"touch {trace}" if function is os.system else f"open({str(trace)!r}, 'w')"
    held = {"model": WEIGHTS, "cfg": Hostile(function, command)}
    if form == "bare":
        path.write_bytes(pickle.dumps(held))
    else:
        torch.save(
            held,
            path,
            pickle_protocol=4 if form == "newer protocol" else 2,
            _use_new_zipfile_serialization=form != "older",
        )
    with pytest.raises(FileFormatError, match=f"names {name}, which could run code") as caught:
        read_published(path)
    assert not trace.exists()
    assert "\n" not in str(caught.value)


def test_a_class_of_somebody_is_refused_by_its_name(tmp_path: Path) -> None:
    torch.save({"model": Stranger()}, tmp_path / "strange.pt")
    with pytest.raises(FileFormatError, match=r"names \S*test_published\.Stranger, which"):
        read_published(tmp_path / "strange.pt")


def test_a_class_can_be_allowed_for_one_file(tmp_path: Path) -> None:
    torch.save({"model": Stranger()}, tmp_path / "strange.pt")
    name = f"{Stranger.__module__}.Stranger"
    read = read_published(tmp_path / "strange.pt", allowed=[(Stranger, name)])
    assert isinstance(read["model"], Stranger)
    with pytest.raises(FileFormatError, match="Stranger"):
        read_published(tmp_path / "strange.pt")


def test_entries_that_hide_the_methods_of_a_dictionary_do_no_harm(tmp_path: Path) -> None:
    torch.save(Hiding(), tmp_path / "hiding.pt")
    assert read_published(tmp_path / "hiding.pt") == {"a": 1}


def test_a_checkpoint_that_holds_itself_is_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    torch.save({"loop": loop}, tmp_path / "loop.pt")
    with pytest.raises(FileFormatError, match="holds itself"):
        read_published(tmp_path / "loop.pt")


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pth.tar", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"<html>404</html>", b"\x80\x02}q\x00"])
def test_a_file_that_is_no_checkpoint_is_refused_in_one_line(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="a checkpoint") as caught:
        read_published(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    torch.save(WEIGHTS, tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileFormatError, match="get it again"):
        read_published(tmp_path / "cut.pt")


def test_a_file_that_grows_when_it_is_unpacked_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(100_000)}, tmp_path / "plain.pt")
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
    with pytest.raises(FileFormatError, match=r"promises 4\d+ bytes, more than it has"):
        read_published(tmp_path / "bomb.pt")


def test_a_missing_file_a_folder_and_a_list_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="got nothing there"):
        read_published(tmp_path / "none.pt")
    with pytest.raises(FileFormatError, match="got the folder"):
        read_published(tmp_path)
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(FileFormatError, match="holds list"):
        read_published(tmp_path / "list.pt")


def test_files_read_at_once_do_not_take_each_others_permissions(
    tmp_path: Path, easydict: type[EasyDict]
) -> None:
    config = easydict()
    config["rate"] = 1
    torch.save({"cfg": config}, tmp_path / "params.pth")
    before = set(torch.serialization.get_safe_globals())
    failures: list[Exception] = []

    def read() -> None:
        try:
            for _ in range(20):
                read_published(tmp_path / "params.pth")
        except FileFormatError as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert not failures
    assert set(torch.serialization.get_safe_globals()) == before
