"""The 3D pane: with WebGL, without it, and switched off."""

import numpy as np
import pytest
from browser import FLAGS, Viewer, chromium
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_the_object_is_seen_in_3d_and_turns(context, server):
    viewer = Viewer(context.new_page(), server)
    viewer.open("sample")
    viewer.look((78, 117, 93))
    viewer.click("axial", (78, 117, 93))
    canvas = viewer.canvas("volume")
    revision = str(viewer.state()["revision"])
    expect(canvas).to_have_attribute("data-drawn-revision", revision, timeout=30_000)
    seen = viewer.picture("volume").astype(int)
    assert seen.max() > 60
    assert (np.ptp(seen, axis=-1) > 60).sum() > 50, "the object's colour is not there"
    canvas.focus()
    for _ in range(5):
        viewer.page.keyboard.press("ArrowLeft")
    viewer.page.wait_for_timeout(1500)
    assert not np.array_equal(viewer.picture("volume"), seen)


def test_without_webgl_the_pane_says_so_and_the_slices_work(play, server):
    browser = play.chromium.launch(
        executable_path=chromium(), args=[*FLAGS[:-1], "--disable-3d-apis"]
    )
    viewer = Viewer(browser.new_page(viewport={"width": 1280, "height": 800}), server)
    viewer.open("sample")
    expect(viewer.page.locator("#volume .words")).to_contain_text("no WebGL")
    viewer.look((78, 117, 93))
    viewer.click("axial", (78, 117, 93))
    assert len(viewer.prompts()) == 1
    browser.close()


def test_the_pane_can_be_switched_off_and_on(viewer):
    viewer.open("sample")
    expect(viewer.page.locator("#volume .words")).to_contain_text("off")
    viewer.page.check("#show-volume")
    expect(viewer.page.locator("#volume .words")).to_be_hidden(timeout=10_000)
