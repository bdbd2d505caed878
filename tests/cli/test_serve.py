"""`voxclick serve` as a program: it says where it is, answers, and ends when it is told to."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from voxclick.cli import main
from voxclick.errors import OptionError
from voxclick.server.run import listen
from voxclick.server.settings import Settings

ADDRESS = re.compile(r"open (http://\S+)")


@contextmanager
def program(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running command, and the address that it printed."""
    started = subprocess.Popen(
        [sys.executable, "-m", "voxclick.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": "true"},
    )
    try:
        assert started.stdout is not None
        line = started.stdout.readline()
        found = ADDRESS.search(line)
        assert found, line + (started.communicate()[1] if started.poll() is not None else "")
        yield started, found[1]
    finally:
        started.kill()
        started.communicate()


def interrupt(running: subprocess.Popen[str]) -> tuple[int, str]:
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    return running.returncode, errors


@pytest.mark.slow
def test_it_serves_page_api_and_nninteractive_until_interrupted(tmp_path: Path) -> None:
    with program("serve", "--port", "0", "--state-dir", str(tmp_path)) as (running, address):
        with httpx.Client(follow_redirects=True) as browser:
            page = browser.get(address)
            assert page.headers["content-type"].startswith("text/html")
            root = address.partition("/?")[0]
            assert browser.get(f"{root}/api/v1/sessions").json() == []
            assert httpx.get(f"{root}/nni/healthz").json() == {"ok": True}
        assert interrupt(running) == (0, "")


@pytest.mark.slow
def test_a_key_guards_nninteractive_too(tmp_path: Path) -> None:
    words = ("serve", "--port", "0", "--state-dir", str(tmp_path), "--api-key", "secret-key")
    with program(*words) as (_, address):
        root = address.partition("/?")[0]
        assert httpx.post(f"{root}/nni/claim").status_code == 401
        headers = {"Authorization": "Bearer secret-key"}
        assert httpx.post(f"{root}/nni/claim", headers=headers).status_code == 200
        assert httpx.get(f"{root}/api/v1/sessions", headers=headers).status_code == 200


@pytest.mark.slow
def test_open_shows_the_image_at_a_free_port_when_the_usual_one_is_taken(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        words = ("open", "sample", "--no-browser", "--port", port, "--state-dir", str(tmp_path))
        with program(*words) as (running, address):
            assert f":{port}/" not in address
            with httpx.Client() as browser:
                home = browser.get(address).headers["location"]
                root = address.partition("/?")[0]
                rows = browser.get(f"{root}/api/v1/sessions").json()
            assert home == f"./#{rows[0]['id']}"
            assert rows[0]["name"] == "sample"
            assert interrupt(running) == (0, "")


def failed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_what_cannot_be_served_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = ("--state-dir", str(tmp_path / "state"))
    assert "--api-key" in failed(capsys, "serve", "--host", "0.0.0.0", *folder)
    assert "8 to 512" in failed(capsys, "serve", "--api-key", "short", *folder)
    assert "--max-sessions" in failed(capsys, "serve", "--max-sessions", "0", *folder)
    assert "a model must be" in failed(capsys, "serve", "--port", "0", "--model", "x", *folder)
    assert "a host must be" in failed(
        capsys, "serve", "--host", "nowhere.invalid", "--api-key", "12345678", *folder
    )
    assert "nothing there" in failed(capsys, "open", str(tmp_path / "none.nii.gz"), *folder)
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"no image")
    assert "broken.nii.gz" in failed(capsys, "open", str(broken), "--port", "0", *folder)
    (tmp_path / "file").write_text("")
    bad = ("--state-dir", str(tmp_path / "file"))
    assert "state folder" in failed(capsys, "serve", "--port", "0", *bad)


def test_a_taken_port_is_said_to_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        told = failed(capsys, "serve", "--port", port, "--state-dir", str(tmp_path))
    assert "a port must be free" in told
    assert "from 0 to 65535" in failed(
        capsys, "serve", "--port", "99999", "--state-dir", str(tmp_path)
    )


def test_a_server_for_others_needs_a_key_whatever_the_address_is_called(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        assert Settings(tmp_path, host=host).loopback
    for host in ("0.0.0.0", "::", "192.168.1.1", "example.org"):
        with pytest.raises(OptionError, match="--api-key"):
            Settings(tmp_path, host=host)
        assert not Settings(tmp_path, host=host, api_key="12345678").loopback


def test_a_free_port_is_found_on_both_kinds_of_loopback() -> None:
    for host in ("127.0.0.1", "::1"):
        if host == "::1" and not socket.has_ipv6:
            continue
        with listen(host, 0) as bound:
            assert bound.getsockname()[1] > 0
