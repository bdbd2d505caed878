"""Prompts in, outlines out: what a user does all day, on the packaged head MR."""

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import expect

import voxclick as vc
from voxclick.models import MODELS
from voxclick.models.weights import presence

pytestmark = pytest.mark.slow

# voxels of the page, which are those of the sample's file
VENTRICLE = (78, 117, 93)
HORN = (80, 138, 88)
OTHER_SIDE = (98, 135, 88)


@pytest.fixture
def opened(viewer):
    viewer.open("sample")
    return viewer


def masks(viewer, tmp_path):
    """The label map that the export button gives, as the file has it."""
    viewer.page.click("#export")
    with viewer.page.expect_download() as download:
        viewer.page.click("[data-format='nii.gz']")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return np.asarray(nib.load(path).dataobj)


def replayed(viewer, tmp_path, model="geodesic"):
    """The label map that the same prompts give without server and browser."""
    viewer.page.click("#export")
    with viewer.page.expect_download() as download:
        viewer.page.click("[data-format='json']")
    download.value.save_as(tmp_path / "log.json")
    session = vc.replay("sample", tmp_path / "log.json", model=model)
    return session.labelmap().array


def voxels(viewer, label=1):
    return next(o["voxels"] for o in viewer.state()["objects"] if o["label"] == label)


def test_a_click_and_a_correction_give_the_mask_that_the_session_gives(opened, tmp_path):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    opened.look(OTHER_SIDE)
    opened.click("axial", OTHER_SIDE, button="right")
    one, other = opened.prompts()
    assert (one["at"], one["positive"]) == ([*VENTRICLE], True)
    assert (other["at"], other["positive"]) == ([*OTHER_SIDE], False)
    given = masks(opened, tmp_path)
    np.testing.assert_array_equal(given, replayed(opened, tmp_path))
    assert given[VENTRICLE] == 1
    assert given[OTHER_SIDE] == 0


def test_what_is_drawn_is_the_mask_voxel_for_voxel(opened, tmp_path):
    page = opened.page
    for box in ("#show-outlines", "#show-prompts", "#show-crosshair", "#show-smooth"):
        page.uncheck(box)
    page.fill("#opacity", "100")
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    mask = masks(opened, tmp_path)[:, :, VENTRICLE[2]] == 1
    picture = opened.picture("axial").astype(int)
    coloured = np.ptp(picture, axis=-1) > 20  # the image is grey
    low, high = (opened.place_of("axial", (x, y, 0)) for x, y in ((0, 0), (180, 216)))
    columns = (np.linspace(low[0], high[0], 181) * coloured.shape[1]).astype(int)
    rows = (np.linspace(low[1], high[1], 217) * coloured.shape[0]).astype(int)
    assert mask.any()
    np.testing.assert_array_equal(coloured[np.ix_(rows, columns)].T, mask)


def test_alt_click_and_the_remove_button_say_no(opened):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    opened.look(OTHER_SIDE)
    opened.page.keyboard.down("Alt")
    opened.click("axial", OTHER_SIDE)
    opened.page.keyboard.up("Alt")
    opened.page.click("#remove")
    opened.look((101, 117, 93))
    opened.click("axial", (101, 117, 93))
    assert [prompt["positive"] for prompt in opened.prompts()] == [True, False, False]


def test_a_box_takes_whole_voxels_on_as_many_slices_as_asked(opened):
    opened.page.click("[data-tool=box]")
    opened.page.fill("#depth", "5")
    opened.page.locator("#depth").press("Tab")
    opened.look(VENTRICLE)
    opened.drag("axial", [(68, 100, 93), (88, 145, 93)])
    (box,) = opened.prompts()
    assert box["kind"] == "box"
    assert box["start"] == [68, 100, 91]
    assert box["stop"] == [89, 146, 96]


def test_a_scribble_marks_the_voxels_it_passes(opened, tmp_path):
    opened.page.click("[data-tool=scribble]")
    opened.look(VENTRICLE)
    opened.drag("axial", [(78, 113, 93), (78, 121, 93)])
    (scribble,) = opened.prompts()
    assert scribble["kind"] == "scribble"
    assert {tuple(point) for point in scribble["points"]} == {(78, y, 93) for y in range(113, 122)}
    assert all(masks(opened, tmp_path)[78, y, 93] for y in range(113, 122))


def test_a_lasso_lies_on_the_slice_where_it_was_drawn(opened):
    opened.page.click("[data-tool=lasso]")
    opened.look(VENTRICLE)
    opened.drag("coronal", [(70, 117, 84), (90, 117, 84), (90, 117, 102), (70, 117, 102)])
    (lasso,) = opened.prompts()
    vertices = np.array(lasso["vertices"])
    assert (lasso["kind"], lasso["axis"]) == ("lasso", 1)
    assert (vertices[:, 1] == 117).all()
    np.testing.assert_allclose(vertices.min(axis=0), (70, 117, 84), atol=0.6)
    np.testing.assert_allclose(vertices.max(axis=0), (90, 117, 102), atol=0.6)


def test_undo_and_redo_by_button_and_by_key(opened):
    page = opened.page
    expect(page.locator("#undo")).to_be_disabled()
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    first = voxels(opened)
    opened.look(HORN)
    opened.click("axial", HORN)
    second = voxels(opened)
    assert first != second
    page.click("#undo")
    opened.answered()
    assert voxels(opened) == first
    page.keyboard.press("Control+Shift+Z")
    opened.answered()
    assert voxels(opened) == second
    page.keyboard.press("Control+Z")
    opened.answered()
    page.keyboard.press("Control+Z")
    opened.answered()
    assert opened.prompts() == []
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#redo")).to_be_enabled()


def test_each_prompt_can_be_taken_out(opened):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    alone = voxels(opened)
    opened.look(HORN)
    opened.click("axial", HORN)
    opened.page.click("#prompts li:nth-child(2) [aria-label^=Remove]")
    opened.answered()
    assert voxels(opened) == alone
    opened.page.click("#prompts li:first-child .go")  # shows it, and selects it
    opened.canvas("axial").press("Delete")
    opened.answered()
    assert opened.prompts() == []


def test_a_second_object_has_its_own_prompts_colour_and_volume(opened, tmp_path):
    page = opened.page
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    page.click("#new-object")
    expect(page.locator("#objects li")).to_have_count(2)
    opened.look((101, 117, 93))
    opened.click("axial", (101, 117, 93))
    one, other = opened.state()["objects"]
    assert len(one["prompts"]) == len(other["prompts"]) == 1
    assert one["colour"] != other["colour"]
    shown = page.locator("#objects .volume").all_inner_texts()
    told = [float(text.split()[0]) for text in shown]
    np.testing.assert_allclose(told, [one["volume_ml"], other["volume_ml"]], rtol=0.01)
    assert set(np.unique(masks(opened, tmp_path))) == {0, 1, 2}


def test_objects_are_renamed_hidden_locked_and_deleted(opened):
    page = opened.page
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    row = page.locator("#objects li")
    row.locator(".name").fill("ventricle")
    row.locator(".name").press("Enter")
    expect(row.get_by_label("Hide ventricle")).to_be_visible()
    with_it = opened.picture("axial")
    row.get_by_label("Hide ventricle").click()
    expect(row.get_by_label("Show ventricle")).to_be_visible()
    opened.settle()
    assert not np.array_equal(opened.picture("axial"), with_it)
    row.get_by_label("Lock ventricle").click()
    expect(row.get_by_label("Unlock ventricle")).to_be_visible()
    page.mouse.click(*opened.spot("axial", opened.place_of("axial", (84, 117, 93))))
    expect(page.locator("#failure")).to_contain_text("lock")
    assert len(opened.prompts()) == 1
    drop = row.get_by_label("Delete ventricle and its prompts")
    expect(drop).to_be_disabled()
    row.get_by_label("Unlock ventricle").click()
    drop.click()
    expect(row).to_have_count(0)
    assert opened.state()["objects"] == []


def test_everything_can_be_done_with_the_keys(opened):
    page = opened.page
    opened.look(VENTRICLE)
    opened.canvas("axial").focus()
    page.keyboard.press("Enter")
    opened.answered()
    for key in ("PageDown", "ArrowRight", "ArrowRight", "ArrowUp", "Shift+Enter"):
        page.keyboard.press(key)
    opened.answered()
    one, other = opened.prompts()
    assert one["at"] == [*VENTRICLE]
    # to the right on the screen is to the patient's left
    assert (other["at"], other["positive"]) == ([76, 118, 92], False)
    page.keyboard.press("Delete")
    opened.answered()
    assert len(opened.prompts()) == 1
    page.keyboard.press("3")
    for key in ("PageUp", "Enter", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    opened.answered()
    assert opened.prompts()[1]["points"] == [[76, 118, 93], [76, 117, 93], [76, 116, 93]]


def test_a_contradiction_is_said_in_words_and_changes_nothing(opened):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    before = opened.state()
    opened.page.mouse.click(
        *opened.spot("axial", opened.place_of("axial", VENTRICLE)), button="right"
    )
    failure = opened.page.locator("#failure")
    expect(failure).to_be_visible()
    assert "78" in failure.inner_text()
    expect(opened.page.locator("html")).to_have_attribute("data-state", "failed")
    opened.page.click("#dismiss")
    expect(failure).to_be_hidden()
    assert opened.state()["objects"] == before["objects"]


def test_the_menu_has_the_models_that_can_answer(opened):
    names = opened.page.locator("#model option").all_text_contents()
    assert names == [row.name for row in MODELS if presence(row) != "absent"]


def test_another_model_answers_the_same_prompts_anew(opened, tmp_path):
    opened.look(VENTRICLE)
    opened.click("axial", VENTRICLE)
    with opened.page.expect_response(lambda answer: answer.url.endswith("/model")) as switched:
        opened.page.select_option("#model", "builtin")
    assert switched.value.ok
    opened.wait()
    assert opened.state()["model"] == "builtin"
    assert len(opened.prompts()) == 1
    given = masks(opened, tmp_path)
    np.testing.assert_array_equal(given, replayed(opened, tmp_path, "builtin"))
