"""A server for all tests of the viewer, a browser a module, and a fresh page a test."""

import os
from collections.abc import Iterator

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("playwright", reason="the viewer is tested with playwright")

from browser import FLAGS, Server, Viewer, chromium
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

WITHOUT_3D = "localStorage.setItem('voxclick.preferences', '{\"volume\": false}')"


# a module each: while one runs, no other test of this process could run an event loop
@pytest.fixture(scope="module")
def play() -> Iterator[Playwright]:
    if chromium() is None and not os.environ.get("CI"):
        pytest.skip("the viewer is tested in Chromium, found none; apt-get install chromium")
    with sync_playwright() as play:
        yield play


@pytest.fixture(scope="module")
def browser(play: Playwright) -> Iterator[Browser]:
    browser = play.chromium.launch(executable_path=chromium(), args=list(FLAGS))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """One user's browser; a test that is given numbers has as many pixels a CSS pixel."""
    ratio = getattr(request, "param", 1)
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, device_scale_factor=ratio, accept_downloads=True
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def viewer(context: BrowserContext, server: Server) -> Iterator[Viewer]:
    """The viewer without its 3D pane; a script that fails in the page fails the test."""
    page = context.new_page()
    page.add_init_script(f"localStorage.length || {WITHOUT_3D}")
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(f"{error}\n{error.stack}"))
    yield Viewer(page, server)
    assert broken == []
