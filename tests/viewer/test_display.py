"""How the volume is shown: window, zoom, orientation, outlines, colours."""

import numpy as np
import pytest
from playwright.sync_api import expect

import voxclick as vc

pytestmark = pytest.mark.slow

VENTRICLE = (78, 117, 93)


@pytest.fixture
def opened(viewer):
    viewer.open("sample")
    viewer.page.uncheck("#show-crosshair")
    return viewer


def grey(viewer, voxel):
    """What is seen at a voxel of the axial slice."""
    picture = viewer.picture("axial")
    x, y = viewer.place_of("axial", voxel)
    return int(picture[int(y * picture.shape[0]), int(x * picture.shape[1])].mean())


def test_the_slice_shows_the_windowed_intensities_of_the_file(opened):
    opened.page.uncheck("#show-smooth")
    opened.look(VENTRICLE)
    low, high = (opened.state()["window"][end] for end in ("low", "high"))
    array = vc.read("sample").array
    for voxel in (VENTRICLE, (60, 100, 93), (90, 60, 93), (120, 150, 93)):
        told = np.clip((float(array[voxel]) - low) / (high - low), 0, 1) * 255
        assert grey(opened, voxel) == pytest.approx(told, abs=1)


def test_window_and_level_by_preset_by_number_and_by_drag(opened):
    page = opened.page
    opened.look(VENTRICLE)
    first = opened.picture("axial")
    page.select_option("#preset", label="Full range")
    opened.settle()
    full = opened.picture("axial")
    assert not np.array_equal(first, full)
    page.fill("#level", "200")
    page.locator("#level").press("Enter")
    opened.settle()
    assert opened.picture("axial").mean() < full.mean()
    page.select_option("#preset", label="As opened")
    page.click("[data-tool=window]")
    page.mouse.move(*opened.spot("axial", (0.5, 0.5)))
    page.mouse.down()
    page.mouse.move(*opened.spot("axial", (0.5, 0.2)), steps=5)
    page.mouse.up()
    opened.settle()
    assert opened.picture("axial").mean() > first.mean()
    assert opened.prompts() == []


def test_the_wheel_scrolls_and_with_control_zooms_about_the_pointer(opened):
    page = opened.page
    opened.look(VENTRICLE)
    spot = opened.spot("axial", opened.place_of("axial", VENTRICLE))
    page.mouse.move(*spot)
    page.mouse.wheel(0, -100)
    expect(opened.canvas("axial")).to_have_attribute("data-slice", "94")
    page.mouse.wheel(0, 100)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    opened.settle()
    # the voxel under the pointer stayed there
    page.mouse.click(*spot)
    opened.answered()
    assert opened.prompts()[0]["at"] == [*VENTRICLE]


def test_the_crosshair_tells_voxel_millimetres_and_intensity(opened):
    opened.look(VENTRICLE)
    volume = vc.read("sample")
    millimetres = ", ".join(
        f"{v:.1f}" for v in volume.grid.to_ras(np.array([VENTRICLE], dtype=float))[0]
    )
    line = opened.page.locator("#crosshair-place")
    expect(line).to_contain_text("78, 117, 93")
    expect(line).to_contain_text(millimetres)
    expect(line).to_contain_text(f"Intensity{float(volume.array[VENTRICLE]):g}")


def test_the_patients_right_is_on_the_left_until_it_is_switched(opened):
    pane = opened.page.locator("#axial")
    opened.look(VENTRICLE)
    radiological = opened.picture("axial")
    assert [pane.locator(f".edge.{side}").inner_text() for side in ("left", "top")] == ["R", "A"]
    opened.page.uncheck("#show-radiological")
    opened.settle()
    neurological = opened.picture("axial")
    assert pane.locator(".edge.left").inner_text() == "L"
    middle = slice(100, -30)  # without the letters
    apart = np.abs(radiological[middle, 40:-40].astype(int) - neurological[middle, 40:-40][:, ::-1])
    assert np.median(apart) <= 1


@pytest.mark.parametrize("context", [1, 2], indirect=True, ids=["ratio 1", "ratio 2"])
def test_outlines_have_the_colour_of_their_object_and_the_pixels_of_the_screen(opened):
    page = opened.page
    page.uncheck("#show-prompts")
    page.fill("#opacity", "100")
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    canvas = opened.canvas("axial")
    ratio = page.evaluate("devicePixelRatio")
    size = canvas.evaluate("canvas => [canvas.width, canvas.clientWidth]")
    assert size[0] == pytest.approx(size[1] * ratio, abs=1)
    colour = opened.state()["objects"][0]["colour"]
    rgb = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    exact = np.abs(opened.picture("axial").astype(int) - rgb).max(axis=-1) <= 2
    assert exact.sum() > 30 * ratio


def test_fill_and_outlines_are_two_pictures_of_one_mask(opened):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    outlined = opened.picture("axial")
    opened.page.keyboard.press("o")
    opened.settle()
    filled = opened.picture("axial")
    assert (np.ptp(filled, axis=-1) > 20).sum() > (np.ptp(outlined, axis=-1) > 20).sum() > 0


def test_dark_by_default_light_when_asked_and_so_the_next_time(opened):
    page = opened.page
    colour = "document.defaultView.getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(f"() => {colour}")
    page.click("#theme")
    light = page.evaluate(f"() => {colour}")
    assert dark != light
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_help_sheet_lists_the_keys_and_closes(opened):
    page = opened.page
    page.keyboard.press("?")
    sheet = page.locator("#help-sheet")
    expect(sheet).to_be_visible()
    for words in ("Undo", "Lasso tool", "Right click"):
        expect(sheet).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_one_pane_can_have_all_the_room(opened):
    before = opened.canvas("coronal").bounding_box()
    opened.canvas("coronal").focus()
    opened.page.keyboard.press("f")
    expect(opened.canvas("axial")).to_be_hidden()
    assert opened.canvas("coronal").bounding_box()["width"] > 1.8 * before["width"]
    opened.page.keyboard.press("f")
    expect(opened.canvas("axial")).to_be_visible()


def test_nothing_moves_while_one_works(opened):
    page = opened.page
    parts = ("#axial", "#objects-title", "#prompts-title", "#state", "footer")

    def seen():
        boxes = [page.locator(part).bounding_box() for part in parts]
        return [(box["x"], box["y"], box["height"]) for box in boxes]

    before = seen()
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    opened.click("axial", (84, 117, 93), button="right")
    assert seen() == before
