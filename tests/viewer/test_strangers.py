"""Who must not come in."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from browser import KEY
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


@pytest.fixture
def foreign(tmp_path) -> Iterator[str]:
    """The address of another page on this machine."""
    (tmp_path / "index.html").write_text("<!doctype html><title>another page</title>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{pages.server_port}/"
        pages.shutdown()


def test_another_page_can_neither_read_nor_listen_nor_open(viewer, foreign):
    viewer.open("sample")
    session = viewer.session
    viewer.page.goto(foreign)
    api = f"{viewer.server.url}/api/v1/sessions"
    reach = """async url => {
      try { return (await fetch(url, {credentials: "include"})).status }
      catch (error) { return error.name }
    }"""
    assert viewer.page.evaluate(reach, api) == "TypeError"
    # this one goes out without asking first, and does nothing there
    send = """async url => {
      const body = JSON.stringify({source: "sample"});
      const how = {method: "POST", mode: "no-cors", credentials: "include", body};
      await fetch(url, how).catch(() => null);
    }"""
    viewer.page.evaluate(send, api)
    listen = """url => new Promise(done => {
      const socket = new WebSocket(url);
      socket.onopen = () => done("open");
      socket.onerror = () => done("refused");
    })"""
    events = f"{api}/{session}/events".replace("http", "ws", 1)
    assert viewer.page.evaluate(listen, events) == "refused"
    viewer.page.goto(f"{viewer.server.url}/#{session}")
    viewer.opened()
    assert [row["id"] for row in viewer.page.request.get(api).json()] == [session]


@pytest.mark.parametrize("token", ["", f"{KEY}-not"])
def test_without_the_key_the_page_says_what_to_do(viewer, token):
    viewer.page.goto(f"{viewer.server.url}/?token={token}" if token else viewer.server.url)
    expect(viewer.page.locator("body")).to_contain_text("voxclick printed")


def test_the_page_loads_nothing_from_elsewhere(viewer):
    seen: set[str] = set()
    viewer.page.on("request", lambda request: seen.add(request.url))
    refused: list[str] = []
    viewer.page.on(
        "console",
        lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None,
    )
    viewer.open("sample")
    own = (viewer.server.url, viewer.server.url.replace("http", "ws", 1), "blob:", "data:")
    assert {url for url in seen if not url.startswith(own)} == set()
    assert refused == []
