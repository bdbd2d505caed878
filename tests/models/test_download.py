import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from file_server import Files, serving

from voxclick.errors import DownloadError, OutputError
from voxclick.models import download as module
from voxclick.models.download import download
from voxclick.models.kinds import Checkpoint

CONTENT = os.urandom(300_000)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Files]:
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    with serving() as running:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.address)
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        yield running


def get(checkpoint: Checkpoint, folder: Path) -> bytes:
    return download(checkpoint, folder, lambda there, size: None).read_bytes()


def test_a_file_of_modelscope_is_got_by_plain_https(files: Files, tmp_path: Path) -> None:
    files.held["/models/owner/name/resolve/master/folder/params.pth"] = CONTENT
    there = Checkpoint("folder/params.pth", 1, modelscope="owner/name")
    assert get(there, tmp_path) == CONTENT
    assert [path.name for path in tmp_path.glob("*")] == ["params.pth"]


def test_the_domain_of_modelscopes_own_client_is_taken(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODELSCOPE_ENDPOINT")
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"https://127\.0\.0\.1:9/models/owner/name/resolve"):
        get(Checkpoint("params.pth", 1, modelscope="owner/name"), tmp_path)


def test_a_file_of_the_hub_is_got_by_its_client(files: Files, tmp_path: Path) -> None:
    files.held["/owner/name/resolve/main/model.pt"] = CONTENT
    assert get(Checkpoint("model.pt", 1, hub="owner/name"), tmp_path) == CONTENT


def test_the_next_place_is_asked_where_one_fails(files: Files, tmp_path: Path) -> None:
    files.held["/elsewhere/model.pt"] = CONTENT
    there = Checkpoint("model.pt", 1, hub="owner/name", url=f"{files.address}/elsewhere/model.pt")
    assert get(there, tmp_path) == CONTENT


def test_progress_is_told_up_to_the_whole_file(files: Files, tmp_path: Path) -> None:
    files.held["/a.pt"] = files.held["/owner/name/resolve/main/a.pt"] = CONTENT
    for there in (
        Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"),
        Checkpoint("a.pt", 1, hub="owner/name"),
    ):
        told: list[tuple[int, int]] = []
        download(there, tmp_path, lambda have, size, told=told: told.append((have, size)))
        assert told[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("marks", [True, False])
def test_a_broken_connection_is_mended(files: Files, tmp_path: Path, marks: bool) -> None:
    files.held["/a.pt"], files.cuts, files.marks = CONTENT, 2, marks
    assert get(Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"), tmp_path) == CONTENT


@pytest.mark.slow
def test_a_broken_connection_to_the_hub_is_mended(files: Files, tmp_path: Path) -> None:
    files.held["/owner/name/resolve/main/a.pt"], files.cuts = CONTENT, 1
    assert get(Checkpoint("a.pt", 1, hub="owner/name"), tmp_path) == CONTENT


def test_a_busy_server_is_asked_again(files: Files, tmp_path: Path) -> None:
    files.held["/a.pt"], files.busy = CONTENT, 2
    assert get(Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"), tmp_path) == CONTENT


def test_the_next_run_goes_on_where_the_last_broke_off(files: Files, tmp_path: Path) -> None:
    there = Checkpoint("a.pt", 1, url=f"{files.address}/a.pt")
    files.held["/a.pt"], files.cuts = CONTENT, 100
    with pytest.raises(DownloadError, match="peer closed"):
        get(there, tmp_path)
    files.cuts = 0
    assert get(there, tmp_path) == CONTENT
    assert files.asked[-1][2].startswith("bytes=")


def test_a_file_that_changed_meanwhile_is_got_from_its_start(files: Files, tmp_path: Path) -> None:
    there = Checkpoint("a.pt", 1, url=f"{files.address}/a.pt")
    files.held["/a.pt"], files.cuts = CONTENT, 100
    with pytest.raises(DownloadError):
        get(there, tmp_path)
    files.held["/a.pt"], files.cuts = CONTENT[::-1], 0
    assert get(there, tmp_path) == CONTENT[::-1]


def test_a_file_that_is_not_there_is_not_asked_for_again(files: Files, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"/a\.pt: the answer is 404 Not Found"):
        get(Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"), tmp_path)
    assert len(files.asked) == 1


def test_a_web_page_in_place_of_the_file_is_no_file(files: Files, tmp_path: Path) -> None:
    files.held["/a.pt"], files.kind = b"<html>sign in</html>", "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="a web page"):
        get(Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"), tmp_path)


def test_without_a_network_every_place_is_named_in_one_line(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    there = Checkpoint("a.pt", 1, hub="owner/name", url=f"{NOWHERE}/a.pt")
    with pytest.raises(DownloadError, match=r"owner/name: .*; http://127\.0\.0\.1:9/a\.pt: ") as no:
        get(there, tmp_path)
    assert "\n" not in str(no.value)


def test_the_checksum_of_the_table_must_hold(files: Files, tmp_path: Path) -> None:
    files.held["/a.pt"] = CONTENT
    url = f"{files.address}/a.pt"
    right = sha256(CONTENT).hexdigest()
    assert get(Checkpoint("a.pt", 1, url=url, sha256=right), tmp_path) == CONTENT
    with pytest.raises(DownloadError, match=f"must be {'0' * 64}, got {right}"):
        get(Checkpoint("a.pt", 1, url=url, sha256="0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_error_of_the_output(files: Files, tmp_path: Path) -> None:
    files.held["/a.pt"] = CONTENT
    with pytest.raises(OutputError, match="cannot write"):
        get(Checkpoint("a.pt", 1, url=f"{files.address}/a.pt"), tmp_path / "none")
