"""Where the viewer leads the user to look next."""

from pathlib import Path

import numpy as np
import pytest
from browser import Viewer
from playwright.sync_api import expect

import voxclick as vc
from voxclick.types import Json

pytestmark = pytest.mark.slow

VENTRICLE = (78, 117, 93)
OTHER_SIDE = (98, 135, 88)


@pytest.fixture
def opened(viewer: Viewer) -> Viewer:
    viewer.open("sample")
    return viewer


def clicked(viewer: Viewer) -> None:
    viewer.look(VENTRICLE)
    viewer.click("axial", VENTRICLE)


def suggested(viewer: Viewer, how: str = "key") -> Json | None:
    """What the server answers when the user asks where to look."""
    with viewer.page.expect_response(lambda answer: "/suggestion" in answer.url) as asked:
        if how == "key":
            viewer.page.keyboard.press("s")
        else:
            viewer.page.click("#suggest")
    viewer.answered()
    found: Json | None = asked.value.json()
    return found


def shown(viewer: Viewer) -> list[int]:
    planes = ("sagittal", "coronal", "axial")
    return [int(viewer.canvas(plane).get_attribute("data-slice") or -1) for plane in planes]


def test_the_key_leads_all_panes_to_the_place_and_asks(opened: Viewer) -> None:
    clicked(opened)
    before = opened.state()
    found = suggested(opened)
    assert found is not None
    assert shown(opened) == found["at"]
    note = opened.page.locator("#note")
    expect(note).to_contain_text("Is this part of object_1?")
    expect(note).to_contain_text("Click if it is" if found["positive"] else "Right-click if not")
    assert opened.state() == before


def test_a_click_there_is_what_the_suggestion_would_say(opened: Viewer) -> None:
    clicked(opened)
    found = suggested(opened, "button")
    assert found is not None
    opened.click("axial", tuple(found["at"]), button="left" if found["positive"] else "right")
    prompt = opened.prompts()[1]
    assert (prompt["at"], prompt["positive"]) == (found["at"], found["positive"])
    expect(opened.page.locator("#note")).not_to_contain_text("Is this part")


def test_places_that_were_shown_are_passed_over_until_the_next_prompt(opened: Viewer) -> None:
    clicked(opened)
    first, second = suggested(opened), suggested(opened)
    assert first is not None
    assert second is not None
    assert np.abs(np.subtract(first["at"], second["at"])).max() > 1
    opened.look(OTHER_SIDE)
    opened.click("axial", OTHER_SIDE, button="right")
    afresh = opened.page.evaluate(
        "async path => (await fetch(path)).json()",
        f"api/v1/sessions/{opened.session}/objects/1/suggestion?space=view",
    )
    assert suggested(opened) == afresh


def test_nowhere_left_to_look_is_said_in_words(viewer: Viewer, tmp_path: Path) -> None:
    array = np.zeros((4, 4, 2), dtype=np.uint16)
    array[1:3, 1:3, :1] = 900
    path = tmp_path / "block.nii.gz"
    vc.write(vc.LabelMap(array, vc.Grid(array.shape, np.eye(4)), {900: "block"}), path)
    viewer.open(path)
    button, note = viewer.page.locator("#suggest"), viewer.page.locator("#note")
    expect(button).to_be_disabled()
    viewer.page.keyboard.press("s")
    expect(note).to_contain_text("Place a prompt first")
    viewer.look((1, 1, 0))
    viewer.click("axial", (1, 1, 0))
    expect(button).to_be_enabled()
    places = []
    while (found := suggested(viewer)) is not None:
        places.append(tuple(found["at"]))
    assert 1 < len(places) == len(set(places)) < array.size
    expect(note).to_contain_text("No place is left in object_1")
    assert shown(viewer) == list(places[-1])


def test_the_place_is_seen_where_the_pane_had_been_moved_away(opened: Viewer) -> None:
    clicked(opened)
    for switch in ("#show-crosshair", "#show-prompts"):
        opened.page.uncheck(switch)
    for _ in range(40):
        opened.canvas("axial").press("Shift+ArrowRight")
    opened.settle()
    assert not opened.picture("axial")[5:-5, 5:-5].any()  # within the ring of the focus
    assert suggested(opened) is not None
    picture = opened.picture("axial").astype(int)
    middle = picture[picture.shape[0] // 2 - 3 : picture.shape[0] // 2 + 3]
    assert (np.ptp(middle, axis=-1).max(axis=0) > 20).mean() > 0.8  # the crosshair's line
