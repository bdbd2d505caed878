"""The viewer on another machine than the server, and in somebody's hands."""

import numpy as np
import pytest
from browser import FLAGS, Server, Viewer, chromium

pytestmark = pytest.mark.slow

VENTRICLE = (78, 117, 93)
SIZE = {"width": 1280, "height": 800}


def test_over_a_network_half_the_resolution_comes_first_and_all_of_it_after(play, viewer, tmp_path):
    server = Server(tmp_path, "scanner.example")
    server.start()
    rule = f"--host-resolver-rules=MAP {server.name} 127.0.0.1"
    browser = play.chromium.launch(executable_path=chromium(), args=[*FLAGS, rule])
    try:
        remote = Viewer(browser.new_page(viewport=SIZE), server)
        asked: list[str] = []
        remote.page.on("request", lambda request: asked.append(request.url))
        remote.open("sample")
        steps = [url.rpartition("step=")[2] for url in asked if "/volume?" in url]
        assert steps == ["2", "1"]
        viewer.open("sample")
        for one in (remote, viewer):
            one.look(VENTRICLE)
        np.testing.assert_array_equal(remote.picture("axial"), viewer.picture("axial"))
    finally:
        browser.close()
        server.stop()


def test_a_finger_adds_removes_and_two_fingers_zoom(browser, server):
    context = browser.new_context(viewport=SIZE, has_touch=True)
    viewer = Viewer(context.new_page(), server)
    viewer.open("sample")
    viewer.look(VENTRICLE)
    viewer.page.touchscreen.tap(*viewer.spot("axial", viewer.place_of("axial", VENTRICLE)))
    viewer.answered()
    viewer.page.tap("#remove")
    other = (98, 135, 93)
    viewer.page.touchscreen.tap(*viewer.spot("axial", viewer.place_of("axial", other)))
    viewer.answered()
    assert [(p["at"], p["positive"]) for p in viewer.prompts()] == [
        ([*VENTRICLE], True),
        ([*other], False),
    ]
    before = viewer.picture("axial")
    fingers = context.new_cdp_session(viewer.page)
    x, y = viewer.spot("axial", (0.5, 0.5))
    for kind, apart in (("touchStart", 20), ("touchMove", 60), ("touchMove", 100)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    viewer.settle()
    assert not np.array_equal(viewer.picture("axial"), before)
    assert len(viewer.prompts()) == 2
    context.close()
