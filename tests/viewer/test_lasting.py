"""What survives: a reload, a lost connection, a restart of the server."""

import numpy as np
import pytest
from browser import Server, Viewer
from phantoms import GRIDS, bright_ball
from playwright.sync_api import expect

import voxclick as vc

pytestmark = pytest.mark.slow


@pytest.fixture
def ball(tmp_path):
    volume, _ = bright_ball(GRIDS["flipped"], (20.0, 18.0, 16.0), 8.0)
    path = tmp_path / "ball.nii.gz"
    vc.write(volume, path)
    return path


def clicked(viewer, path):
    """A session with one prompt, away from the slices that a fresh one shows."""
    viewer.open(path)
    x, y, z = (length // 2 for length in viewer.state()["shape"])
    viewer.look((x, y, z + 3))
    viewer.click("axial", (x, y, z + 3))
    viewer.page.mouse.move(2, 2)
    viewer.settle()
    return viewer.picture("axial")


def test_a_reload_shows_what_was_there(viewer, ball):
    before = clicked(viewer, ball)
    viewer.page.fill("#level", "70")
    viewer.page.locator("#level").press("Enter")
    viewer.settle()
    before = viewer.picture("axial")
    objects = viewer.state()["objects"]
    viewer.page.reload()
    viewer.wait()
    viewer.settle()
    np.testing.assert_array_equal(viewer.picture("axial"), before)
    assert viewer.state()["objects"] == objects
    viewer.page.click("#undo")
    viewer.answered()
    assert viewer.prompts() == []


def test_a_restart_of_the_server_loses_nothing(context, tmp_path, ball):
    server = Server(tmp_path)
    server.start()
    try:
        viewer = Viewer(context.new_page(), server)
        clicked(viewer, ball)
        before = viewer.state()
        server.stop()
        root = viewer.page.locator("html")
        expect(root).to_have_attribute("data-state", "offline")
        viewer.page.click("#undo")
        expect(viewer.page.locator("#failure")).to_contain_text("does not answer")
        server.start()
        expect(root).not_to_have_attribute("data-state", "offline", timeout=30_000)
        viewer.page.reload()
        viewer.wait()
        assert viewer.state()["objects"][0]["voxels"] == before["objects"][0]["voxels"]
        viewer.page.click("#undo")
        viewer.answered()
        assert viewer.prompts() == []
    finally:
        server.stop()


def test_two_pages_on_one_session_show_the_same(viewer, context, ball):
    viewer.open(ball)
    other = Viewer(context.new_page(), viewer.server)
    other.page.goto(viewer.page.url)
    other.opened()
    x, y, z = (length // 2 for length in viewer.state()["shape"])
    viewer.page.bring_to_front()
    viewer.look((x, y, z))
    viewer.click("axial", (x, y, z))
    other.page.bring_to_front()
    other.wait()
    expect(other.page.locator("#prompts li")).to_have_count(1)


def test_a_session_that_is_no_more_is_said_in_words(viewer):
    viewer.enter()
    viewer.page.goto(f"{viewer.server.url}/#nosuchsession")
    expect(viewer.page.locator("#failure")).to_be_visible()
    expect(viewer.page.locator("#open-sheet")).to_be_visible()
