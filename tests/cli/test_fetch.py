"""`voxclick fetch`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from file_server import Files, serving
from tiny_family import add_to_table, row
from tiny_family.convert import publish

import voxclick as vc
from voxclick.cli import main
from voxclick.models import download
from voxclick.models.weights import home


class Hostile:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.trace}",)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """A server of the tiny family's files: a on ModelScope, b on the hub, c by hand alone."""
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(download, "PAUSE_S", 0.01)
    add_to_table(
        monkeypatch,
        row("tiny-a", modelscope="owner/tiny"),
        row("tiny-b", hub="owner/tiny", note="For research only."),
        row("tiny-c", page="https://example.org/tiny"),
    )
    with serving() as running:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.address)
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        content = publish(tmp_path / "published.pth").read_bytes()
        running.held["/models/owner/tiny/resolve/master/release/tiny-a.pth"] = content
        running.held["/owner/tiny/resolve/main/release/tiny-b.pth"] = content
        yield running


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize("name", ["tiny-a", "tiny_b"])
def test_weights_are_downloaded_converted_and_told_of(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, out, err = run(capsys, "fetch", name)
    path = home() / "models" / f"{name.replace('_', '-')}.safetensors"
    assert code == 0
    assert out.startswith(f"{path.stem} -> {path} (")
    assert out.endswith("licence: CC0)\n")
    assert err == ("voxclick: note: For research only.\n" if name == "tiny_b" else "")
    assert vc.load(name, "cpu").spec.name == path.stem
    assert not (home() / "downloads" / path.stem).exists()


def test_weights_that_are_here_are_not_downloaded_again_unless_asked_to(
    capsys: pytest.CaptureFixture[str], files: Files
) -> None:
    run(capsys, "fetch", "tiny-a")
    before = len(files.asked)
    code, out, _ = run(capsys, "fetch", "tiny-a")
    assert (code, len(files.asked)) == (0, before)
    assert "is here" in out
    assert run(capsys, "fetch", "tiny-a", "--again")[0] == 0
    assert len(files.asked) > before


def test_the_table_tells_whose_weights_are_here(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "fetch", "tiny-a")
    told = json.loads(run(capsys, "models", "--json")[1])
    weights = {entry["name"]: entry["weights"] for entry in told}
    assert weights["builtin"] == "packaged"
    assert weights["geodesic"] == "none"
    assert weights["tiny-a"] == "here"
    assert weights["tiny-b"] == "absent"
    assert "voxclick fetch tiny-b" in run(capsys, "models", "tiny-b")[1]


def test_a_model_without_its_weights_is_refused_with_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mask = tmp_path / "mask.nii.gz"
    words = ("segment", "sample", "-o", str(mask), "--point", "79,127,94", "--model", "tiny-a")
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith("voxclick fetch tiny-a\n")
    run(capsys, "fetch", "tiny-a")
    assert run(capsys, *words)[0] == 0
    assert mask.is_file()


def test_a_file_is_imported_by_name_or_recognised(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, files: Files
) -> None:
    assert run(capsys, "fetch", "tiny-c", "--from", str(tmp_path / "published.pth"))[0] == 0
    file = publish(tmp_path / "clone" / "release" / "tiny-b.pth")
    assert "tiny-b ->" in run(capsys, "fetch", "--from", str(file))[1]
    assert run(capsys, "fetch", "tiny-b", "--from", str(tmp_path / "clone"))[0] == 0
    assert files.asked == []


def test_what_is_odd_about_a_checkpoint_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = publish(tmp_path / "odd.pth", reduce=torch.zeros(1))
    code, _, err = run(capsys, "fetch", "tiny-a", "--from", str(file))
    assert (code, err) == (0, "voxclick: note: reduce is left out\n")


def test_weights_that_can_only_be_got_by_hand_say_where(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run(capsys, "fetch", "tiny-c")
    assert code == 2
    assert "see https://example.org/tiny, then voxclick fetch tiny-c --from FILE" in err


@pytest.mark.parametrize("words", [(), ("builtin",), ("nonesuch",), ("--from", "none.pth")])
def test_what_cannot_be_fetched_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "fetch", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_hostile_file_runs_nothing_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, files: Files
) -> None:
    evil = tmp_path / "evil.pth"
    torch.save({"state": {"tiny.tolerance": torch.ones(1)}, "cfg": Hostile(tmp_path / "ran")}, evil)
    files.held["/models/owner/tiny/resolve/master/release/tiny-a.pth"] = evil.read_bytes()
    for words in (("tiny-a",), ("tiny-a", "--from", str(evil)), ("--from", str(evil))):
        code, out, err = run(capsys, "fetch", *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"names {os.system.__module__}.system" in err
    assert not (tmp_path / "ran").exists()
    assert not (home() / "models").exists()
    assert not (home() / "downloads" / "tiny-a").exists()


def test_without_a_network_the_line_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    for name in ("tiny-a", "tiny-b"):
        code, out, err = run(capsys, "fetch", name)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"bring {name}.pth from elsewhere: voxclick fetch {name} --from FILE" in err


def test_an_interrupted_download_leaves_no_weights_and_goes_on(
    capsys: pytest.CaptureFixture[str], files: Files
) -> None:
    files.cuts = 100
    assert run(capsys, "fetch", "tiny-a")[0] == 1
    assert not (home() / "models").exists()
    files.cuts = 0
    assert run(capsys, "fetch", "tiny-a")[0] == 0
    assert files.asked[-1][2].startswith("bytes=")
