"""The strip that tells how sure a model is of each slice, with a model that goes slice by slice."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Server, Viewer
from playwright.sync_api import BrowserContext, expect
from tiny_weights import TINY_WEIGHTS

import voxclick as vc

pytestmark = pytest.mark.slow

CENTRE = (16, 15, 9)


@pytest.fixture(scope="module")
def slicing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model is the smallest SAM 2."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    TINY_WEIGHTS["sam2_slices"](home / "models" / "sam2.1-tiny.safetensors")
    before = os.environ.get("VOXCLICK_HOME")
    os.environ["VOXCLICK_HOME"] = str(home)
    server = Server(tmp_path_factory.mktemp("server"), model="sam2.1-tiny")
    try:
        server.start()
    finally:
        if before is None:
            del os.environ["VOXCLICK_HOME"]
        else:
            os.environ["VOXCLICK_HOME"] = before
    yield server
    server.stop()


@pytest.fixture
def opened(context: BrowserContext, slicing: Server, tmp_path: Path) -> Viewer:
    """A bright block whose slices are the thickest along the file's second axis, which is z."""
    array = np.zeros((32, 18, 30), dtype=np.int16)
    array[10:22, 5:13, 9:21] = 900
    affine = np.array([[-1.0, 0, 0, 0], [0, 0, 1, 0], [0, -4, 0, 0], [0, 0, 0, 1]])
    path = tmp_path / "block.nii.gz"
    vc.write(vc.LabelMap(array.astype(np.uint16), vc.Grid(array.shape, affine), {900: "b"}), path)
    page = context.new_page()
    viewer = Viewer(page, slicing)
    viewer.open(path)
    return viewer


def test_the_strip_tells_of_the_slices_and_leads_to_them(opened: Viewer) -> None:
    strip = opened.page.locator("#axial .strip")
    expect(strip).to_be_hidden()
    opened.look(CENTRE)
    opened.click("axial", CENTRE)
    expect(strip).to_be_visible()
    expect(opened.page.locator("#coronal .strip")).to_be_hidden()
    slices = opened.state()["objects"][0]["slices"]
    assert slices["axis"] == 2
    assert slices["prompted"] == [CENTRE[2]]
    assert CENTRE[2] in slices["numbers"]
    assert slices["numbers"] == sorted(slices["numbers"])
    least = slices["numbers"][int(np.argmin(slices["quality"]))]
    expect(strip).to_have_attribute("data-least", str(least))
    box = strip.bounding_box()
    assert box is not None
    strip.click(position={"x": box["width"] * 3.5 / 18, "y": box["height"] / 2})
    expect(opened.canvas("axial")).to_have_attribute("data-slice", "3")
